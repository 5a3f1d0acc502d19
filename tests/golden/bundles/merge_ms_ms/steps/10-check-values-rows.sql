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
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN DATEPART(NANOSECOND, [ChangedAt]) % 1000 <> 0 THEN 1 ELSE 0 END)), 0) AS [n0],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([Amount], 2) <> [Amount] THEN 1 ELSE 0 END)), 0) AS [n1],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATALENGTH(CONVERT(nvarchar(max), [Status])) / 2 > 50 THEN 1 ELSE 0 END)), 0) AS [n2]
            FROM [sales].[Orders]
 WHERE (
  [Status] <> N'draft'
)
AND (
  [Version] >= CONVERT(
    binary(8),
    CASE
      WHEN CONVERT(bigint, @window_low) < 0
      THEN 0
      ELSE CONVERT(bigint, @window_low)
    END
  )
  AND [Version] < CONVERT(
    binary(8),
    CASE
      WHEN CONVERT(bigint, @window_high) < 0
      THEN 0
      ELSE CONVERT(bigint, @window_high)
    END
  )
)) AS [counted]
   CROSS APPLY (VALUES
      (N'column "ChangedAt": ', [counted].[n0], N' values (fractions of a second beyond 6 digits); policy fail'),
      (N'column "Amount": ', [counted].[n1], N' values (digits beyond scale 2); policy fail'),
      (N'column "Status": ', [counted].[n2], N' values (texts of more than 50 UTF-16 units (a character beyond U+FFFF is two)); policy fail')
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
