-- step build-versions
-- purpose: build the new history of every key that changes
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: a late row is put where it belongs, and a row that is like the one before it makes no version
-- params: window_high
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_now datetime2(6) = CONVERT(datetime2(6), CASE WHEN @window_high = N'-infinity' THEN CONVERT(datetime2(7), SWITCHOFFSET(CONVERT(datetimeoffset(7), N'0001-01-01'), '+00:00')) ELSE CONVERT(datetime2(7), SWITCHOFFSET(CONVERT(datetimeoffset(7), @window_high), '+00:00')) END);
  IF EXISTS (SELECT 1 FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE [t].[valid_from] > @dp_now)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP513: ', N'the target has versions that begin after ', @window_high, N'; nothing was changed; compare the clocks of the source and of whoever wrote these versions'), N'%', N'%%');
    THROW 50513, @dp_message, 1;
  END;
  IF EXISTS (SELECT 1 FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK)
              WHERE [t].[is_current] <> 0 AND [t].[valid_to] IS NOT NULL AND NOT ([t].[id] IS NULL))
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP515: ', N'a version of the target is marked as current and has an end in valid_to', N'; nothing was changed; set it to NULL, or to not current'), N'%', N'%%');
    THROW 50515, @dp_message, 1;
  END;
  SELECT DISTINCT [id]
    INTO [#dponec_keys]
    FROM (
    SELECT [s].[id]
      FROM [dbo].[order_history__dponec_15f01f54_rows] AS [s]
     WHERE NOT EXISTS (
       SELECT 1 FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK)
        WHERE [t].[id] = [s].[id] AND [t].[valid_from] <= @dp_now AND ([t].[valid_to] IS NULL OR [t].[valid_to] > @dp_now)
          AND EXISTS (SELECT 0, [s].[day], [s].[at], [s].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status]))) INTERSECT SELECT 0, [t].[day], [t].[at], [t].[amount], CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), DATALENGTH(CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])))))
    UNION ALL
    SELECT [t].[id]
      FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK)
     WHERE [t].[valid_to] IS NULL AND NOT ([t].[id] IS NULL) AND NOT EXISTS (SELECT 1 FROM [dbo].[order_history__dponec_15f01f54_rows] AS [s] WHERE [t].[id] = [s].[id])
  ) AS [c];
  WITH [steps] AS (
    SELECT [s].[id], [s].[day], [s].[at], [s].[amount], [s].[status], @dp_now AS [dponec_at], 2 AS [dponec_rank], CONVERT(binary(32), HASHBYTES('SHA2_256', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + ':' + [v].[c3], 'N'), ''))) AS [dponec_hash]
      FROM [dbo].[order_history__dponec_15f01f54_rows] AS [s]
     CROSS APPLY (SELECT CONVERT(varchar(10), [s].[day], 23) AS [c0],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([s].[at], '+00:00')), 121) AS [c1],
       CONVERT(varchar(41), [s].[amount]) AS [c2],
       CASE WHEN CONVERT(nvarchar(max), [s].[status]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[status])) END COLLATE Latin1_General_100_BIN2 AS [c3]) AS [v]
     WHERE EXISTS (SELECT 1 FROM [#dponec_keys] AS [k] WHERE [s].[id] = [k].[id])
    UNION ALL
    SELECT [t].[id], [t].[day], [t].[at], [t].[amount], [t].[status], [t].[valid_from], 1, CONVERT(binary(32), HASHBYTES('SHA2_256', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + ':' + [v].[c3], 'N'), '')))
      FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK)
     CROSS APPLY (SELECT CONVERT(varchar(10), [t].[day], 23) AS [c0],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([t].[at], '+00:00')), 121) AS [c1],
       CONVERT(varchar(41), [t].[amount]) AS [c2],
       CASE WHEN CONVERT(nvarchar(max), [t].[status]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[status])) END COLLATE Latin1_General_100_BIN2 AS [c3]) AS [v]
     WHERE EXISTS (SELECT 1 FROM [#dponec_keys] AS [k] WHERE [t].[id] = [k].[id])
    UNION ALL
    SELECT [t].[id], CONVERT(date, NULL), CONVERT(datetimeoffset(6), NULL), CONVERT(decimal(18,2), NULL), CONVERT(nvarchar(50), NULL), CONVERT(datetime2(6), [t].[valid_to]), 0, CONVERT(binary(32), NULL)
      FROM [dbo].[order_history] AS [t] WITH (UPDLOCK, HOLDLOCK)
     WHERE [t].[valid_to] IS NOT NULL AND EXISTS (SELECT 1 FROM [#dponec_keys] AS [k] WHERE [t].[id] = [k].[id])
    UNION ALL
    SELECT [t].[id], CONVERT(date, NULL), CONVERT(datetimeoffset(6), NULL), CONVERT(decimal(18,2), NULL), CONVERT(nvarchar(50), NULL), @dp_now, 2, CONVERT(binary(32), NULL)
      FROM [#dponec_keys] AS [t] WHERE NOT EXISTS (SELECT 1 FROM [dbo].[order_history__dponec_15f01f54_rows] AS [s] WHERE [t].[id] = [s].[id])
  ), [newest] AS (
    SELECT [id], [day], [at], [amount], [status], [dponec_at], [dponec_hash],
           ROW_NUMBER() OVER (PARTITION BY [id], [dponec_at] ORDER BY [dponec_rank] DESC) AS [dponec_place]
      FROM [steps]
  ), [compared] AS (
    SELECT [id], [day], [at], [amount], [status], [dponec_at], [dponec_hash],
           LAG([dponec_hash]) OVER (PARTITION BY [id] ORDER BY [dponec_at]) AS [dponec_before]
      FROM [newest] WHERE [dponec_place] = 1
  ), [versions] AS (
    SELECT [id], [day], [at], [amount], [status], [dponec_at], [dponec_hash],
           LEAD([dponec_at]) OVER (PARTITION BY [id] ORDER BY [dponec_at]) AS [dponec_end]
      FROM [compared] WHERE NOT EXISTS (SELECT [dponec_hash] INTERSECT SELECT [dponec_before])
  )
  INSERT INTO [dbo].[order_history__dponec_15f01f54_versions] ([id], [day], [at], [amount], [status], [valid_from], [valid_to], [is_current], [row_hash])
  SELECT [id], [day], [at], [amount], [status], [dponec_at], CONVERT(datetime2(6), [dponec_end]), CASE WHEN [dponec_end] IS NULL THEN 1 ELSE 0 END, LOWER(CONVERT(varchar(32), SUBSTRING([dponec_hash], 1, 16), 2))
    FROM [versions] WHERE [dponec_hash] IS NOT NULL;
  DROP TABLE [#dponec_keys];
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
