-- step collapse-rows
-- purpose: keep the last row of each key that lives
-- engine: mssql (target), transaction prove
-- idempotency: transactional
-- why: the last change of a key wins, in commit order
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  INSERT INTO [staging].[notes__dponec_7450716e_rows] ([id], [status], [body], [amount], [at], [gone])
  SELECT [w].[id],
         [w].[status],
         [w].[body],
         [w].[amount],
         [w].[at],
         CASE WHEN [w].[__dponec_newest] > [w].[__dponec_order] OR [w].[__dponec_cut] > [w].[__dponec_order] THEN 1 ELSE 0 END
    FROM (
    SELECT [c].[id], [c].[status], [c].[body], [c].[amount], [c].[at], [c].[__dponec_op], [c].[__dponec_order], [c].[__dponec_kept], [c].[__dponec_unchanged], MAX([c].[__dponec_order]) OVER (PARTITION BY [c].[id]) AS [__dponec_newest], [cut].[at] AS [__dponec_cut],
           ROW_NUMBER() OVER (PARTITION BY [c].[id] ORDER BY CASE WHEN [c].[__dponec_op] <> N'D' AND [c].[__dponec_kept] = N't' THEN 0 ELSE 1 END, [c].[__dponec_order] DESC) AS [__dponec_n]
      FROM [staging].[notes__dponec_7450716e_changes] AS [c]
     CROSS JOIN (SELECT MAX([t].[__dponec_order]) AS [at] FROM [staging].[notes__dponec_7450716e_changes] AS [t] WHERE [t].[__dponec_op] IN (N'T', N'R')) AS [cut]
     WHERE [c].[__dponec_op] NOT IN (N'T', N'R')
  ) AS [w] WHERE [w].[__dponec_n] = 1 AND [w].[__dponec_op] <> N'D' AND [w].[__dponec_kept] = N't';
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
