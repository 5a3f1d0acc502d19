-- step check-duplicate-keys
-- purpose: no key is staged twice
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: which of two rows wins would be chance
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
FROM [staging].[notes__dponec_96ef70bc_rows]
GROUP BY
  [id]
HAVING
  COUNT_BIG(*) > 1
  ) AS [violations];
  IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP504: ', @dp_wrong, N' keys occur more than once in staging, as the target''s collation compares them', N'; fix the key or the source, or say policies.staging_duplicates: latest'), N'%', N'%%');
    THROW 50504, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
