-- step mark-deleted
-- purpose: mark the rows whose key is gone
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: deletes: soft; the row stays, and readers see that it is gone
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  UPDATE [t]
     SET [t].[gone] = 1
    FROM [dbo].[notes] AS [t] WITH (UPDLOCK, HOLDLOCK)
   WHERE EXISTS(
  SELECT
    1
  FROM [staging].[notes__dponec_96ef70bc_left] AS [s]
  WHERE
    [t].[id] = [s].[id]
)
AND NOT (
  COALESCE([t].[gone], 0) <> 0
);
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_marked')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_marked', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
