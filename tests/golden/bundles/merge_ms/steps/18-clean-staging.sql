-- step clean-staging
-- purpose: drop the staged rows that the declared policies drop
-- engine: mssql (target), transaction prove
-- idempotency: transactional
-- why: null_keys: skip, staging_duplicates: latest
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_null bigint = 0, @dp_duplicate bigint = 0;
  DELETE FROM [staging].[orders__dponec_4f2d0249_rows]
WHERE
  [id] IS NULL OR [day] IS NULL;
  SET @dp_null = ROWCOUNT_BIG();
  WITH [ranked] AS (
    SELECT RANK() OVER (PARTITION BY [id], [day] ORDER BY CASE WHEN [at] IS NULL THEN 1 ELSE 0 END, [at] DESC) AS [n]
      FROM [staging].[orders__dponec_4f2d0249_rows])
  DELETE FROM [ranked] WHERE [n] > 1;
  SET @dp_duplicate = ROWCOUNT_BIG();
  SELECT CONVERT(nvarchar(20), @dp_null) AS [rows_null_keys], CONVERT(nvarchar(20), @dp_duplicate) AS [rows_duplicate];
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
