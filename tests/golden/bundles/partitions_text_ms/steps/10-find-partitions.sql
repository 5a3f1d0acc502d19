-- step find-partitions
-- purpose: find the affected partitions
-- engine: mssql (target)
-- idempotency: pure
-- why: those of the changed rows
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
  CONVERT(nvarchar(max), [s].[status]) COLLATE Latin1_General_100_BIN2 AS v
FROM [dbo].[orders__dponec_5662c27e_delta] AS [s]
UNION
SELECT
  CONVERT(nvarchar(max), [t].[status]) COLLATE Latin1_General_100_BIN2 AS v
FROM [dbo].[orders] AS [t]
  ) AS [found];
  SELECT @dp_count = COUNT_BIG(*) FROM @dp_found;
  IF @dp_count > 64
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP505: ', @dp_count, N' partitions are affected, the plan allows 64', N'; nothing was changed; raise partition.max_partitions, or load in smaller windows'), N'%', N'%%');
    THROW 50505, @dp_message, 1;
  END;
  IF @dp_count = 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP502: ', N'no partition is affected: the source gave no row', N'; if that is right, say policies.empty_slice: keep or clear'), N'%', N'%%');
    THROW 50502, @dp_message, 1;
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
