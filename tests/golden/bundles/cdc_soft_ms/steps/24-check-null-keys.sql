-- step check-null-keys
-- purpose: no key is NULL
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: a NULL key matches nothing, so each load would add the row again
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
WHERE
  [id] IS NULL
  ) AS [violations];
  IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP503: ', @dp_wrong, N' staged rows have NULL in the key', N'; fix the source, or say policies.null_keys: skip'), N'%', N'%%');
    THROW 50503, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
