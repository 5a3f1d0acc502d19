-- step check-partitions
-- purpose: refuse a list of partitions that is empty, too long, or names what is no partition
-- engine: mssql (target)
-- idempotency: pure
-- why: a wrong value would replace nothing, or another partition than the one that was meant
-- params: partitions
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_bad nvarchar(max), @dp_count bigint;
  IF COALESCE(ISJSON(NULLIF(@partitions, N'')), 0) = 0 OR LEFT(LTRIM(@partitions), 1) <> N'['
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP506: ', N'the partitions are not a JSON list', N'; name each with --partition'), N'%', N'%%');
    THROW 50506, @dp_message, 1;
  END;
  SELECT @dp_count = COUNT_BIG(*) FROM OPENJSON(@partitions);
  IF @dp_count = 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP506: ', N'no partition is named', N'; name each with --partition'), N'%', N'%%');
    THROW 50506, @dp_message, 1;
  END;
  IF @dp_count > 64
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP505: ', @dp_count, N' partitions are named, the plan allows 64', N'; nothing was changed; raise partition.max_partitions, or name fewer'), N'%', N'%%');
    THROW 50505, @dp_message, 1;
  END;
  SELECT TOP (1) @dp_bad = COALESCE(j.[value], N'null') FROM OPENJSON(@partitions) AS j
   WHERE CASE WHEN CONVERT(nvarchar(10), DATEFROMPARTS(YEAR(TRY_CONVERT(date, j.[value], 23)), MONTH(TRY_CONVERT(date, j.[value], 23)), 1), 23) = j.[value] THEN 1 ELSE 0 END = 0;
  IF @dp_bad IS NOT NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP506: ', LEFT(@dp_bad, 100), N' is no partition: write the first day of the month, YYYY-MM-01', N'; nothing was changed; name each partition by its own value'), N'%', N'%%');
    THROW 50506, @dp_message, 1;
  END;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
