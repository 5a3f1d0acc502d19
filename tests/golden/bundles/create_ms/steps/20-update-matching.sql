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
    FROM [m'a]]de].[ne]]w `$(id)` --__dponec_412d5a15_rows] AS [s]
   WHERE EXISTS (SELECT 1 FROM [m'a]]de].[ne]]w `$(id)` --] AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE [t].[id; --] = [s].[id; --] AND [t].[k`ey] = [s].[k`ey]);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_matched', @value = @dp_rows;
  UPDATE [t]
     SET [t].[k`ey] = [s].[k`ey],
         [t].[st'at;us] = [s].[st'at;us],
         [t].[up'dated"at] = [s].[up'dated"at],
         [t].[tab	\ $(id)] = [s].[tab	\ $(id)]
    FROM [m'a]]de].[ne]]w `$(id)` --] AS [t] WITH (UPDLOCK, HOLDLOCK)
   INNER JOIN [m'a]]de].[ne]]w `$(id)` --__dponec_412d5a15_rows] AS [s] ON [t].[id; --] = [s].[id; --] AND [t].[k`ey] = [s].[k`ey]
   WHERE EXISTS (SELECT CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[k`ey])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[k`ey]))), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[st'at;us])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[st'at;us]))), [s].[up'dated"at], CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[tab	\ $(id)])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[tab	\ $(id)])))
                 EXCEPT
                 SELECT CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[k`ey])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[k`ey]))), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[st'at;us])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[st'at;us]))), [t].[up'dated"at], CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[tab	\ $(id)])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[tab	\ $(id)]))));
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_updated')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_updated', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
