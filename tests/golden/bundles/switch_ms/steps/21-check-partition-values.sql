-- step check-partition-values
-- purpose: every staged row lies in an affected partition
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: a row outside would be lost or doubled
-- params: partitions
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_wrong bigint;
  SELECT @dp_wrong = COUNT_BIG(*) FROM (
SELECT
  1 AS x
FROM [dbo].[orders_months__dponec_03d937f4_rows] AS [s]
WHERE
  [s].[day] IS NULL
  OR CASE
    WHEN EXISTS(
      SELECT
        1
      FROM OPENJSON(@partitions) AS j
      WHERE
        [s].[day] >= CONVERT(date, j.[value], 23)
        AND [s].[day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
    )
    THEN 0
    ELSE 1
  END = 1
  ) AS [violations];
  IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP506: ', @dp_wrong, N' staged rows have no partition of this run', N'; their partition value is NULL, or changed in the source after the partitions were found; run again'), N'%', N'%%');
    THROW 50506, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
