-- step update-versions
-- purpose: update versions whose end or content changed
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: the row stays the row, so what refers to it stays valid
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  SELECT @dp_rows = COUNT_BIG(*)
    FROM [staging].[order_history__dponec_5629fdc4_versions] AS [s]
   WHERE EXISTS (SELECT 1 FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE [t].[id] = [s].[id] AND [t].[valid_from] = [s].[valid_from]);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_matched', @value = @dp_rows;
  UPDATE [t]
     SET [t].[day] = [s].[day],
         [t].[at] = [s].[at],
         [t].[amount] = [s].[amount],
         [t].[status] = [s].[status],
         [t].[valid_to] = [s].[valid_to],
         [t].[is_current] = [s].[is_current],
         [t].[row_hash] = [s].[row_hash]
    FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK)
   INNER JOIN [staging].[order_history__dponec_5629fdc4_versions] AS [s] ON [t].[id] = [s].[id] AND [t].[valid_from] = [s].[valid_from]
   WHERE EXISTS (SELECT [s].[day], [s].[at], [s].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status]))), [s].[valid_to], [s].[is_current], CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[row_hash])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[row_hash])))
                 EXCEPT
                 SELECT [t].[day], [t].[at], [t].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status]))), [t].[valid_to], [t].[is_current], CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[row_hash])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[row_hash]))));
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_updated')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_updated', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
