-- step swap-partitions
-- purpose: switch the rows of each affected partition out, and the new ones in
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: in one transaction, so that no reader finds a partition missing
-- params: partitions
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_target int = OBJECT_ID(N'[dbo].[orders_months]', N'U'), @dp_problems nvarchar(max), @dp_bad nvarchar(450), @dp_rows bigint;
  DECLARE @dp_statement nvarchar(max), @dp_new nvarchar(520), @dp_old nvarchar(520);
  DECLARE @dp_nth int, @dp_number int, @dp_low date, @dp_high date;
  DECLARE @dp_parts TABLE ([nth] int NOT NULL PRIMARY KEY, [value] nvarchar(450) NULL, [low] date NULL, [high] date NULL,
                           [number] int NULL);
  SELECT TOP (1) @dp_rows = 1 FROM [dbo].[orders_months] WITH (TABLOCKX, HOLDLOCK);
  SET @dp_problems = (
    SELECT N'; ' + o.[what] COLLATE DATABASE_DEFAULT FROM (
      SELECT N'trigger ' + [name] COLLATE DATABASE_DEFAULT AS [what] FROM sys.triggers
       WHERE [parent_id] = @dp_target AND [is_disabled] = 0
      UNION ALL
      SELECT N'foreign key ' + [name] COLLATE DATABASE_DEFAULT FROM sys.foreign_keys
       WHERE [parent_object_id] = @dp_target OR [referenced_object_id] = @dp_target
      UNION ALL
      SELECT N'CHECK constraint ' + [name] COLLATE DATABASE_DEFAULT + N' that was not checked' FROM sys.check_constraints
       WHERE [parent_object_id] = @dp_target AND ([is_disabled] = 1 OR [is_not_trusted] = 1)
      UNION ALL
      SELECT N'a column that the plan does not know' FROM sys.columns WHERE [object_id] = @dp_target
       HAVING COUNT(*) <> 5
      UNION ALL
      SELECT N'index ' + i.[name] COLLATE DATABASE_DEFAULT FROM sys.indexes AS i
       WHERE i.[object_id] = @dp_target AND i.[index_id] > 0 AND i.[is_hypothetical] = 0
         AND NOT EXISTS (SELECT 1 FROM (VALUES (N'PK_orders_months'), (N'by status''s ]end[')) AS e ([name]) WHERE e.[name] = i.[name] COLLATE DATABASE_DEFAULT)
      UNION ALL
      SELECT N'its partition function' WHERE NOT EXISTS (
        SELECT 1 FROM sys.indexes AS i
         INNER JOIN sys.partition_schemes AS s ON s.[data_space_id] = i.[data_space_id]
         INNER JOIN sys.partition_functions AS f ON f.[function_id] = s.[function_id]
         INNER JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[partition_ordinal] = 1
         INNER JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
         WHERE i.[object_id] = @dp_target AND i.[index_id] IN (0, 1) AND f.[name] = N'months'
           AND f.[boundary_value_on_right] = 1 AND c.[name] = N'day')
      UNION ALL
      SELECT N'security policy' FROM sys.security_predicates WHERE [target_object_id] = @dp_target
      UNION ALL
      SELECT N'change tracking' FROM sys.change_tracking_tables WHERE [object_id] = @dp_target
      UNION ALL
      SELECT N'replication, capture or history' FROM sys.tables
       WHERE [object_id] = @dp_target AND ([is_replicated] = 1 OR [is_published] = 1 OR [is_merge_published] = 1
             OR [is_tracked_by_cdc] = 1 OR [temporal_type] <> 0)
    ) AS o
     ORDER BY o.[what]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_target IS NULL OR @dp_problems IS NOT NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'partitions of dbo.orders_months cannot be exchanged: ', STUFF(LEFT(@dp_problems, 900), 1, 2, N''), N'; nothing was changed; run dponec introspect, compile again and review the new plan'), N'%', N'%%');
    THROW 50420, @dp_message, 1;
  END;
  INSERT INTO @dp_parts ([nth], [value], [low], [high])
  SELECT CONVERT(int, j.[key]) + 1, j.[value], CONVERT(date, j.[value], 23), DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
    FROM OPENJSON(@partitions) AS j;
  UPDATE e SET [number] = l.[boundary_id] + 1
    FROM @dp_parts AS e
   INNER JOIN sys.partition_functions AS f ON f.[name] = N'months'
   INNER JOIN sys.partition_range_values AS l ON l.[function_id] = f.[function_id] AND l.[parameter_id] = 1
          AND TRY_CONVERT(date, l.[value]) = e.[low]
   INNER JOIN sys.partition_range_values AS h ON h.[function_id] = f.[function_id] AND h.[parameter_id] = 1
          AND h.[boundary_id] = l.[boundary_id] + 1 AND TRY_CONVERT(date, h.[value]) = e.[high];
  SELECT TOP (1) @dp_bad = COALESCE([value], N'null') FROM @dp_parts WHERE [number] IS NULL ORDER BY [nth];
  IF @dp_bad IS NOT NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP506: ', N'dbo.orders_months has no partition that holds ', @dp_bad, N' (month) and nothing else', N'; nothing was changed; split partition function months there (ALTER PARTITION FUNCTION, SPLIT RANGE), or say merge_policy: delete_insert'), N'%', N'%%');
    THROW 50506, @dp_message, 1;
  END;
  SET @dp_nth = (SELECT MIN([nth]) FROM @dp_parts);
  WHILE @dp_nth IS NOT NULL
  BEGIN
    SELECT @dp_number = [number], @dp_low = [low], @dp_high = [high] FROM @dp_parts WHERE [nth] = @dp_nth;
    SET @dp_new = N'[dbo]' + N'.' + QUOTENAME(N'orders_months__dponec_03d937f4_p' + N'n' + CONVERT(nvarchar(10), @dp_nth));
    SET @dp_old = N'[dbo]' + N'.' + QUOTENAME(N'orders_months__dponec_03d937f4_p' + N'o' + CONVERT(nvarchar(10), @dp_nth));
    IF OBJECT_ID(@dp_new, N'U') IS NULL OR OBJECT_ID(@dp_old, N'U') IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the new partition ', @dp_number, N' is not there', N'; the transaction was rolled back; run again'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'SELECT @rows = COUNT_BIG(*) FROM '), @dp_new, N';');
    EXEC sys.sp_executesql @dp_statement, N'@rows bigint OUTPUT', @rows = @dp_rows OUTPUT;
    SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0);
    EXEC sys.sp_set_session_context @key = N'dponec.rows_inserted', @value = @dp_rows;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), N'[dbo].[orders_months]',
        N' SWITCH PARTITION ', @dp_number, N' TO ', @dp_old, N';');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'SELECT @rows = COUNT_BIG(*) FROM '), @dp_old, N';');
    EXEC sys.sp_executesql @dp_statement, N'@rows bigint OUTPUT', @rows = @dp_rows OUTPUT;
    SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0);
    EXEC sys.sp_set_session_context @key = N'dponec.rows_deleted', @value = @dp_rows;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), @dp_new,
        N' SWITCH TO ', N'[dbo].[orders_months]', N' PARTITION ', @dp_number, N';');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_nth = (SELECT MIN([nth]) FROM @dp_parts WHERE [nth] > @dp_nth);
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
