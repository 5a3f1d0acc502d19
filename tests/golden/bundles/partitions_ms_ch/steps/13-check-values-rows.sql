-- step check-values-rows
-- purpose: count the values that the target cannot hold, in the snapshot of the extraction
-- engine: mssql (source)
-- idempotency: pure
-- why: a value that is cut, rounded or clamped on its way would be lost without a word
-- params: partitions
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_found nvarchar(max) = N'';
  SELECT @dp_found = @dp_found + N'; ' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN ([Day] < CONVERT(date, '1900-01-01') OR [Day] > CONVERT(date, '2299-12-31')) THEN 1 ELSE 0 END)), 0) AS [n0],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN (CONVERT(datetime2(7), [ChangedAt]) < CONVERT(datetime2(7), '1900-01-01 00:00:00', 121) OR CONVERT(datetime2(7), [ChangedAt]) > CONVERT(datetime2(7), '2299-12-31 23:59:59.999999', 121)) THEN 1 ELSE 0 END)), 0) AS [n1],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATEPART(NANOSECOND, [ChangedAt]) % 1000 <> 0 THEN 1 ELSE 0 END)), 0) AS [n2],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([Amount], 2) <> [Amount] THEN 1 ELSE 0 END)), 0) AS [n3]
            FROM [sales].[Orders]
 WHERE EXISTS(
  SELECT
    1
  FROM OPENJSON(@partitions) AS j
  WHERE
    [Day] >= CONVERT(date, j.[value], 23)
    AND [Day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
)) AS [counted]
   CROSS APPLY (VALUES
      (N'column "Day": ', [counted].[n0], N' values (dates outside of 1900-01-01 to 2299-12-31 (and infinity)); policy fail'),
      (N'column "ChangedAt": ', [counted].[n1], N' values (instants outside of 1900-01-01 to 2299-12-31 (and infinity)); policy fail'),
      (N'column "ChangedAt": ', [counted].[n2], N' values (digits after decimal place 6 of a second); policy fail'),
      (N'column "Amount": ', [counted].[n3], N' values (digits after decimal place 2); policy fail')
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
