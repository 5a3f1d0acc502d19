-- step check-changes
-- purpose: every change can be applied, and their order has no ties
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: an unknown operation or an order by chance would give rows that the source never had
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_wrong bigint;
  SELECT @dp_wrong = COUNT_BIG(*) FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_op] NOT IN (N'I', N'U', N'D', N'T', N'R') OR DATALENGTH([c].[__dponec_op]) <> 2;
  IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP520: ', @dp_wrong, N' changes have an operation that is not known', N'; known: I, U, D, T, insert, update, delete, truncate, c, r, u, d'), N'%', N'%%');
    THROW 50520, @dp_message, 1;
  END;
  SELECT @dp_wrong = COUNT_BIG(*) FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_op] NOT IN (N'T', N'R') AND ([c].[id] IS NULL);
  IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP503: ', @dp_wrong, N' changes have NULL in the key', N'; fix the source: a change without a key cannot be applied'), N'%', N'%%');
    THROW 50503, @dp_message, 1;
  END;
  SELECT @dp_wrong = COUNT_BIG(*) FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_order] IS NULL;
  IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP521: ', @dp_wrong, N' changes have no place in the order', N'; fill the sequence column of the change table'), N'%', N'%%');
    THROW 50521, @dp_message, 1;
  END;
  SELECT @dp_wrong = COUNT_BIG(*) FROM (
    SELECT 1 AS [x] FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_op] NOT IN (N'T', N'R') GROUP BY [c].[id], [c].[__dponec_order] HAVING COUNT_BIG(*) > 1
  ) AS [ties];
  IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP521: ', @dp_wrong, N' times two changes of one key have the same place in the order', N'; name a sequence_column that orders the changes of one key'), N'%', N'%%');
    THROW 50521, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
