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
  INSERT INTO [dbo].[orders] ([id], [day], [at], [amount], [status], [st'at;us $(id) `x` "y" ]]z], [a$dponec$\ %s])
  SELECT [s].[id], [s].[day], [s].[at], [s].[amount], [s].[status], [s].[st'at;us $(id) `x` "y" ]]z], [s].[a$dponec$\ %s]
    FROM [dbo].[orders__dponec_d29683a0_rows] AS [s]
   WHERE NOT EXISTS (SELECT 1 FROM [dbo].[orders] AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE [t].[id] = [s].[id] AND [t].[day] = [s].[day]);
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_inserted', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
