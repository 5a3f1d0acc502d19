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
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_wrong bigint, @dp_at bigint;
  IF EXISTS (SELECT 1 FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_unchanged] <> N'')
  BEGIN
    SELECT @dp_at = MIN([c].[__dponec_order]) FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_old_0] IS NOT NULL AND [c].[__dponec_unchanged] <> N'';
    WHILE @dp_at IS NOT NULL
    BEGIN
      UPDATE [c]
         SET [c].[status] = CASE WHEN CHARINDEX(N',1,', [c].[__dponec_unchanged]) = 0 THEN [c].[status] ELSE (
      SELECT TOP (1) [q].[v] FROM (
        SELECT [b].[v], 1 AS [near] FROM (
          SELECT TOP (1) [p].[status] AS [v] FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
           WHERE [p].[id] = [c].[__dponec_old_0] AND [p].[__dponec_order] < [c].[__dponec_order] AND [p].[__dponec_op] NOT IN (N'D', N'T', N'R') AND CHARINDEX(N',1,', [p].[__dponec_unchanged]) = 0 ORDER BY [p].[__dponec_order] DESC) AS [b]
        UNION ALL
        SELECT [t].[status], 0 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [c].[__dponec_old_0]
      ) AS [q] ORDER BY [q].[near] DESC) END,
             [c].[body] = CASE WHEN CHARINDEX(N',2,', [c].[__dponec_unchanged]) = 0 THEN [c].[body] ELSE (
      SELECT TOP (1) [q].[v] FROM (
        SELECT [b].[v], 1 AS [near] FROM (
          SELECT TOP (1) [p].[body] AS [v] FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
           WHERE [p].[id] = [c].[__dponec_old_0] AND [p].[__dponec_order] < [c].[__dponec_order] AND [p].[__dponec_op] NOT IN (N'D', N'T', N'R') AND CHARINDEX(N',2,', [p].[__dponec_unchanged]) = 0 ORDER BY [p].[__dponec_order] DESC) AS [b]
        UNION ALL
        SELECT [t].[body], 0 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [c].[__dponec_old_0]
      ) AS [q] ORDER BY [q].[near] DESC) END,
             [c].[amount] = CASE WHEN CHARINDEX(N',3,', [c].[__dponec_unchanged]) = 0 THEN [c].[amount] ELSE (
      SELECT TOP (1) [q].[v] FROM (
        SELECT [b].[v], 1 AS [near] FROM (
          SELECT TOP (1) [p].[amount] AS [v] FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
           WHERE [p].[id] = [c].[__dponec_old_0] AND [p].[__dponec_order] < [c].[__dponec_order] AND [p].[__dponec_op] NOT IN (N'D', N'T', N'R') AND CHARINDEX(N',3,', [p].[__dponec_unchanged]) = 0 ORDER BY [p].[__dponec_order] DESC) AS [b]
        UNION ALL
        SELECT [t].[amount], 0 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [c].[__dponec_old_0]
      ) AS [q] ORDER BY [q].[near] DESC) END,
             [c].[__dponec_unchanged] = N''
        FROM [staging].[notes__dponec_96ef70bc_changes] AS [c]
       WHERE [c].[__dponec_order] = @dp_at AND NOT (COALESCE((SELECT TOP (1) CASE WHEN [p].[__dponec_op] = N'D' OR [p].[__dponec_unchanged] <> N'' THEN 1 ELSE 0 END FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
          WHERE [p].[id] = [c].[__dponec_old_0] AND [p].[__dponec_order] < [c].[__dponec_order] - 1 AND ([p].[__dponec_unchanged] = N'' OR [p].[__dponec_old_0] IS NOT NULL)
          ORDER BY [p].[__dponec_order] DESC),
          CASE WHEN EXISTS (SELECT 1 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [c].[__dponec_old_0] AND NOT (COALESCE([t].[gone], 0) <> 0)) THEN 0 ELSE 1 END) = 1);
      SELECT @dp_at = MIN([c].[__dponec_order])
        FROM [staging].[notes__dponec_96ef70bc_changes] AS [c] WHERE [c].[__dponec_old_0] IS NOT NULL AND [c].[__dponec_unchanged] <> N'' AND [c].[__dponec_order] > @dp_at;
    END;
    SELECT @dp_wrong = COUNT_BIG(*) FROM (
    SELECT [c].[id], [c].[status], [c].[body], [c].[amount], [c].[at], [c].[__dponec_op], [c].[__dponec_order], [c].[__dponec_kept], [c].[__dponec_unchanged], [c].[__dponec_old_0], MAX([c].[__dponec_order]) OVER (PARTITION BY [c].[id]) AS [__dponec_newest], [cut].[at] AS [__dponec_cut],
           ROW_NUMBER() OVER (PARTITION BY [c].[id] ORDER BY CASE WHEN [c].[__dponec_op] <> N'D' AND [c].[__dponec_kept] = N't' THEN 0 ELSE 1 END, [c].[__dponec_order] DESC) AS [__dponec_n]
      FROM [staging].[notes__dponec_96ef70bc_changes] AS [c]
     CROSS JOIN (SELECT MAX([t].[__dponec_order]) AS [at] FROM [staging].[notes__dponec_96ef70bc_changes] AS [t] WHERE [t].[__dponec_op] IN (N'T', N'R')) AS [cut]
     WHERE [c].[__dponec_op] NOT IN (N'T', N'R')
    ) AS [w] WHERE [w].[__dponec_n] = 1 AND [w].[__dponec_op] <> N'D' AND [w].[__dponec_kept] = N't' AND [w].[__dponec_unchanged] <> N'' AND ([w].[__dponec_old_0] IS NOT NULL OR COALESCE((SELECT TOP (1) CASE WHEN [p].[__dponec_op] = N'D' OR [p].[__dponec_unchanged] <> N'' THEN 1 ELSE 0 END FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
          WHERE [p].[id] = [w].[id] AND [p].[__dponec_order] < [w].[__dponec_order] AND ([p].[__dponec_unchanged] = N'' OR [p].[__dponec_old_0] IS NOT NULL)
          ORDER BY [p].[__dponec_order] DESC),
          CASE WHEN EXISTS (SELECT 1 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [w].[id] AND NOT (COALESCE([t].[gone], 0) <> 0)) THEN 0 ELSE 1 END) = 1);
    IF @dp_wrong > 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP523: ', @dp_wrong, N' rows have a large value that did not change and that the target does not hold', N'; a row came into the filter, or the target lost it: ALTER TABLE … REPLICA IDENTITY FULL on the source, and load anew'), N'%', N'%%');
    THROW 50523, @dp_message, 1;
  END;
  END;
  INSERT INTO [staging].[notes__dponec_96ef70bc_rows] ([id], [status], [body], [amount], [at], [gone])
  SELECT [w].[id],
         CASE WHEN CHARINDEX(N',1,', [w].[__dponec_unchanged]) = 0 THEN [w].[status] ELSE (
      SELECT TOP (1) [q].[v] FROM (
        SELECT [b].[v], 1 AS [near] FROM (
          SELECT TOP (1) [p].[status] AS [v] FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
           WHERE [p].[id] = [w].[id] AND [p].[__dponec_order] < [w].[__dponec_order] AND [p].[__dponec_op] NOT IN (N'D', N'T', N'R') AND CHARINDEX(N',1,', [p].[__dponec_unchanged]) = 0 ORDER BY [p].[__dponec_order] DESC) AS [b]
        UNION ALL
        SELECT [t].[status], 0 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [w].[id]
      ) AS [q] ORDER BY [q].[near] DESC) END,
         CASE WHEN CHARINDEX(N',2,', [w].[__dponec_unchanged]) = 0 THEN [w].[body] ELSE (
      SELECT TOP (1) [q].[v] FROM (
        SELECT [b].[v], 1 AS [near] FROM (
          SELECT TOP (1) [p].[body] AS [v] FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
           WHERE [p].[id] = [w].[id] AND [p].[__dponec_order] < [w].[__dponec_order] AND [p].[__dponec_op] NOT IN (N'D', N'T', N'R') AND CHARINDEX(N',2,', [p].[__dponec_unchanged]) = 0 ORDER BY [p].[__dponec_order] DESC) AS [b]
        UNION ALL
        SELECT [t].[body], 0 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [w].[id]
      ) AS [q] ORDER BY [q].[near] DESC) END,
         CASE WHEN CHARINDEX(N',3,', [w].[__dponec_unchanged]) = 0 THEN [w].[amount] ELSE (
      SELECT TOP (1) [q].[v] FROM (
        SELECT [b].[v], 1 AS [near] FROM (
          SELECT TOP (1) [p].[amount] AS [v] FROM [staging].[notes__dponec_96ef70bc_changes] AS [p]
           WHERE [p].[id] = [w].[id] AND [p].[__dponec_order] < [w].[__dponec_order] AND [p].[__dponec_op] NOT IN (N'D', N'T', N'R') AND CHARINDEX(N',3,', [p].[__dponec_unchanged]) = 0 ORDER BY [p].[__dponec_order] DESC) AS [b]
        UNION ALL
        SELECT [t].[amount], 0 FROM [dbo].[notes] AS [t] WHERE [t].[id] = [w].[id]
      ) AS [q] ORDER BY [q].[near] DESC) END,
         [w].[at],
         CASE WHEN [w].[__dponec_newest] > [w].[__dponec_order] OR [w].[__dponec_cut] > [w].[__dponec_order] THEN 1 ELSE 0 END
    FROM (
    SELECT [c].[id], [c].[status], [c].[body], [c].[amount], [c].[at], [c].[__dponec_op], [c].[__dponec_order], [c].[__dponec_kept], [c].[__dponec_unchanged], [c].[__dponec_old_0], MAX([c].[__dponec_order]) OVER (PARTITION BY [c].[id]) AS [__dponec_newest], [cut].[at] AS [__dponec_cut],
           ROW_NUMBER() OVER (PARTITION BY [c].[id] ORDER BY CASE WHEN [c].[__dponec_op] <> N'D' AND [c].[__dponec_kept] = N't' THEN 0 ELSE 1 END, [c].[__dponec_order] DESC) AS [__dponec_n]
      FROM [staging].[notes__dponec_96ef70bc_changes] AS [c]
     CROSS JOIN (SELECT MAX([t].[__dponec_order]) AS [at] FROM [staging].[notes__dponec_96ef70bc_changes] AS [t] WHERE [t].[__dponec_op] IN (N'T', N'R')) AS [cut]
     WHERE [c].[__dponec_op] NOT IN (N'T', N'R')
  ) AS [w] WHERE [w].[__dponec_n] = 1 AND [w].[__dponec_op] <> N'D' AND [w].[__dponec_kept] = N't';
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
