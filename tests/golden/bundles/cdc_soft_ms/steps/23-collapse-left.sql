-- step collapse-left
-- purpose: keep the keys that are gone
-- engine: mssql (target), transaction prove
-- idempotency: transactional
-- why: the last change of a key wins, in commit order
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  INSERT INTO [staging].[notes__dponec_96ef70bc_left] ([id])
  SELECT [w].[id]
    FROM (
    SELECT [c].[id], [c].[status], [c].[body], [c].[amount], [c].[at], [c].[__dponec_op], [c].[__dponec_order], [c].[__dponec_kept], [c].[__dponec_unchanged], [c].[__dponec_old_0], ROW_NUMBER() OVER (PARTITION BY [c].[id] ORDER BY [c].[__dponec_order] DESC) AS [__dponec_n]
      FROM [staging].[notes__dponec_96ef70bc_changes] AS [c]
     CROSS JOIN (SELECT MAX([t].[__dponec_order]) AS [at] FROM [staging].[notes__dponec_96ef70bc_changes] AS [t] WHERE [t].[__dponec_op] IN (N'T', N'R')) AS [cut]
     WHERE [c].[__dponec_op] NOT IN (N'T', N'R') AND ([cut].[at] IS NULL OR [c].[__dponec_order] > [cut].[at])
  ) AS [w] WHERE [w].[__dponec_n] = 1 AND NOT ([w].[__dponec_op] <> N'D' AND [w].[__dponec_kept] = N't')
  UNION
  SELECT [t].[id] FROM [dbo].[notes] AS [t]
   WHERE EXISTS (SELECT 1 FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_op] IN (N'T', N'R'))
     AND NOT EXISTS (SELECT 1 FROM [staging].[notes__dponec_96ef70bc_rows] AS [s] WHERE [t].[id] = [s].[id]) AND NOT ([t].[id] IS NULL);
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
