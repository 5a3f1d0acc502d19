-- step find-partitions
-- purpose: find the affected partitions
-- engine: mssql (target)
-- idempotency: pure
-- why: those of the changed rows, and those where the changed keys live now
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_found TABLE ([v] nvarchar(450) COLLATE Latin1_General_100_BIN2 NULL);
  DECLARE @dp_count bigint, @dp_listed nvarchar(max);
  INSERT INTO @dp_found ([v])
  SELECT [found].[v] FROM (
SELECT
  CONVERT(nvarchar(10), DATEFROMPARTS(YEAR([s].[day]), MONTH([s].[day]), 1), 23) AS v
FROM [dbo].[orders_months__dponec_03d937f4_delta] AS [s]
UNION
SELECT
  CONVERT(nvarchar(10), DATEFROMPARTS(YEAR([t].[day]), MONTH([t].[day]), 1), 23) AS v
FROM [dbo].[orders_months] AS [t]
WHERE
  EXISTS(
    SELECT
      1
    FROM [dbo].[orders_months__dponec_03d937f4_delta] AS [s]
    WHERE
      [t].[id] = [s].[id]
  )
  ) AS [found];
  SELECT @dp_count = COUNT_BIG(*) FROM @dp_found;
  IF EXISTS (SELECT 1 FROM @dp_found WHERE [v] IS NULL)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP506: ', N'affected rows have NULL in the partition column', N'; fill the column, filter the rows out, or say partition.nulls: own'), N'%', N'%%');
    THROW 50506, @dp_message, 1;
  END;
  IF @dp_count > 64
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP505: ', @dp_count, N' partitions are affected, the plan allows 64', N'; nothing was changed; raise partition.max_partitions, or load in smaller windows'), N'%', N'%%');
    THROW 50505, @dp_message, 1;
  END;
  SET @dp_listed = (SELECT N',' + COALESCE(N'"' + STRING_ESCAPE([v], N'json') + N'"', N'null')
                      FROM @dp_found ORDER BY [v] FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  SET @dp_listed = CONCAT(N'[', STUFF(@dp_listed, 1, 1, N''), N']');
  SELECT @dp_listed AS [partitions];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
