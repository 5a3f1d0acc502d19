-- step update-matching
-- purpose: update rows that differ
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: unchanged rows are not written, so there are no dead tuples for nothing
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  SELECT @dp_rows = COUNT_BIG(*)
    FROM [staging].[notes__dponec_96ef70bc_rows] AS [s]
   WHERE EXISTS (SELECT 1 FROM [dbo].[notes] AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE [t].[id] = [s].[id]);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_matched', @value = @dp_rows;
  UPDATE [t]
     SET [t].[status] = [s].[status],
         [t].[body] = [s].[body],
         [t].[amount] = [s].[amount],
         [t].[at] = [s].[at],
         [t].[gone] = [s].[gone]
    FROM [dbo].[notes] AS [t] WITH (UPDLOCK, HOLDLOCK)
   INNER JOIN [staging].[notes__dponec_96ef70bc_rows] AS [s] ON [t].[id] = [s].[id]
   WHERE EXISTS (SELECT CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status]))), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[body])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[body]))), [s].[amount], [s].[at], [s].[gone]
                 EXCEPT
                 SELECT CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status]))), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[body])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[body]))), [t].[amount], [t].[at], [t].[gone]);
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_updated')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_updated', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
