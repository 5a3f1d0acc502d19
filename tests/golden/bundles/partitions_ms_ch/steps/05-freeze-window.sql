-- step freeze-window
-- purpose: fix the window before anything is read
-- engine: mssql (source)
-- idempotency: pure
-- why: rows that commit later must fall into a later window
-- params: watermark
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_high datetime2(7), @dp_low datetime2(7), @dp_mark datetime2(7);
  SET @dp_high = CONVERT(datetime2(0), DATEADD(millisecond, -500, DATEADD(second, -300, CASE WHEN SYSDATETIME() < SYSUTCDATETIME() THEN SYSDATETIME() ELSE SYSUTCDATETIME() END)));
  IF @watermark = N''
    SET @dp_low = CONVERT(datetime2(7), N'0001-01-01', 121);
  ELSE
  BEGIN
    SET @dp_mark = CASE WHEN @watermark = N'-infinity' THEN CONVERT(datetime2(7), N'0001-01-01', 121) ELSE CONVERT(datetime2(7), @watermark, 121) END;
    SET @dp_low = DATEADD(second, -3600, @dp_mark);
    IF @dp_high < @dp_mark SET @dp_high = @dp_mark;
  END;
  IF @dp_high < @dp_low SET @dp_high = @dp_low;
  SELECT CASE WHEN @watermark = N'' THEN N'-infinity' ELSE CONVERT(nvarchar(27), @dp_low, 121) END AS [window_low], CONVERT(nvarchar(27), @dp_high, 121) AS [window_high];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
