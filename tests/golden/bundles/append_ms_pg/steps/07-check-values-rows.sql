-- step check-values-rows
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
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN CHARINDEX(NCHAR(0), CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2) > 0 THEN 1 ELSE 0 END)), 0) AS [n0],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATEPART(NANOSECOND, [ChangedAt]) % 1000 <> 0 THEN 1 ELSE 0 END)), 0) AS [n1]
            FROM [sales].[Orders]
 WHERE [OrderId] >= CONVERT(bigint, @window_low)
AND [OrderId] < CONVERT(bigint, @window_high)) AS [counted]
   CROSS APPLY (VALUES
      (N'column "Status": ', [counted].[n0], N' values (texts with U+0000); policy fail'),
      (N'column "ChangedAt": ', [counted].[n1], N' values (fractions of a second beyond 6 digits); policy fail')
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
