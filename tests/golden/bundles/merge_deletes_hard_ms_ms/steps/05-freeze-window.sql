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
  DECLARE @dp_high bigint, @dp_low bigint;
  SELECT @dp_high = CONVERT(bigint, MIN_ACTIVE_ROWVERSION());
  IF @watermark = N''
    SET @dp_low = CONVERT(bigint, -9223372036854775808);
  ELSE
  BEGIN
    SET @dp_low = CONVERT(bigint, @watermark) - 0;
    IF @dp_high < CONVERT(bigint, @watermark) SET @dp_high = CONVERT(bigint, @watermark);
  END;
  IF @dp_high IS NULL OR @dp_high < @dp_low SET @dp_high = @dp_low;
  SELECT CONVERT(nvarchar(20), @dp_low) AS [window_low], CONVERT(nvarchar(20), @dp_high) AS [window_high];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
