-- step check-values-delta
-- purpose: count the values that the target cannot hold, in the snapshot of the extraction
-- engine: mssql (source)
-- idempotency: pure
-- why: a value that is cut, rounded or clamped on its way would be lost without a word
-- params: window_low, window_high
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_found nvarchar(max) = N'';
  SELECT @dp_found = @dp_found + N'; ' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN ([Day] < CONVERT(date, '1900-01-01') OR [Day] > CONVERT(date, '2299-12-31')) THEN 1 ELSE 0 END)), 0) AS [n0]
            FROM [sales].[Orders]
 WHERE [ChangedAt] >= CASE
  WHEN @window_low = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_low, 121)
END
AND [ChangedAt] < CASE
  WHEN @window_high = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_high, 121)
END) AS [counted]
   CROSS APPLY (VALUES
      (N'column "Day": ', [counted].[n0], N' values (dates outside of 1900-01-01 to 2299-12-31 (and infinity)); policy fail')
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0;
  IF @dp_found <> N''
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP524: ', N'values that the target cannot hold', @dp_found, N'; correct them, change the type of the target, or say lossy: null, clamp or text for the column'), N'%', N'%%');
    THROW 50524, @dp_message, 1;
  END;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
