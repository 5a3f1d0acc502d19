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
    FROM [dbo].[orders__dponec_d29683a0_rows] AS [s]
   WHERE EXISTS (SELECT 1 FROM [dbo].[orders] AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE [t].[id] = [s].[id] AND [t].[day] = [s].[day]);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_matched', @value = @dp_rows;
  UPDATE [t]
     SET [t].[at] = [s].[at],
         [t].[amount] = [s].[amount],
         [t].[status] = [s].[status],
         [t].[st'at;us $(id) `x` "y" ]]z] = [s].[st'at;us $(id) `x` "y" ]]z],
         [t].[a$dponec$\ %s] = [s].[a$dponec$\ %s]
    FROM [dbo].[orders] AS [t] WITH (UPDLOCK, HOLDLOCK)
   INNER JOIN [dbo].[orders__dponec_d29683a0_rows] AS [s] ON [t].[id] = [s].[id] AND [t].[day] = [s].[day]
   WHERE EXISTS (SELECT [s].[at], [s].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status]))), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[st'at;us $(id) `x` "y" ]]z])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[st'at;us $(id) `x` "y" ]]z]))), [s].[a$dponec$\ %s]
                 EXCEPT
                 SELECT [t].[at], [t].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status]))), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[st'at;us $(id) `x` "y" ]]z])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[st'at;us $(id) `x` "y" ]]z]))), [t].[a$dponec$\ %s]);
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_updated')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_updated', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
