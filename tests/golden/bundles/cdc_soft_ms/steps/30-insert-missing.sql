-- step insert-missing
-- purpose: insert keys that are new
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: in the same transaction
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  INSERT INTO [dbo].[notes] ([id], [status], [body], [amount], [at], [gone])
  SELECT [s].[id], [s].[status], [s].[body], [s].[amount], [s].[at], [s].[gone]
    FROM [staging].[notes__dponec_96ef70bc_rows] AS [s]
   WHERE NOT EXISTS (SELECT 1 FROM [dbo].[notes] AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE [t].[id] = [s].[id]);
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_inserted', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
