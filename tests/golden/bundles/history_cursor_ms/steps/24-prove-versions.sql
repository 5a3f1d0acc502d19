-- step prove-versions
-- purpose: prove the histories
-- engine: mssql (target), transaction finalize
-- idempotency: pure
-- why: each staged row holds at its time, one version a key is open, and none overlap
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_wrong bigint;
  SELECT @dp_wrong = COUNT_BIG(*)
    FROM [staging].[order_history__dponec_5629fdc4_rows] AS [s]
   WHERE NOT EXISTS (
     SELECT 1 FROM [dbo].[order_history] AS [t] WITH (HOLDLOCK)
      WHERE [t].[id] = [s].[id] AND [t].[valid_from] <= CONVERT(datetime2(6), SWITCHOFFSET([s].[at], '+00:00')) AND ([t].[valid_to] IS NULL OR [t].[valid_to] > CONVERT(datetime2(6), SWITCHOFFSET([s].[at], '+00:00')))
        AND EXISTS (SELECT 0, [s].[day], [s].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status]))) INTERSECT SELECT 0, [t].[day], [t].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])))));
  IF @dp_wrong <> 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', @dp_wrong, N' staged rows are not what the target holds at their time', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_wrong = COUNT_BIG(*)
    FROM (
    SELECT [t].[valid_from] AS [begins], [t].[valid_to] AS [ends], [t].[is_current] AS [is_current],
           LEAD([t].[valid_from]) OVER (PARTITION BY [t].[id] ORDER BY [t].[valid_from]) AS [next]
      FROM [dbo].[order_history] AS [t] WITH (HOLDLOCK)
     WHERE EXISTS (SELECT 1 FROM [staging].[order_history__dponec_5629fdc4_versions] AS [k] WHERE [t].[id] = [k].[id])
  ) AS [h]
   WHERE [h].[begins] >= [h].[ends] OR [h].[ends] > [h].[next] OR ([h].[ends] IS NULL AND [h].[next] IS NOT NULL)
      OR [h].[is_current] IS NULL OR ([h].[ends] IS NULL AND [h].[is_current] = 0)
      OR ([h].[ends] IS NOT NULL AND [h].[is_current] <> 0);
  IF @dp_wrong <> 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', @dp_wrong, N' versions overlap, end before they begin, or are marked wrongly as current', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
