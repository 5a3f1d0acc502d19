-- step build-partitions
-- purpose: build a table for each affected partition, and prove it
-- engine: mssql (target)
-- idempotency: idempotent
-- why: in the filegroup, with the indexes and the constraints of the old one, and a CHECK of the bound: SWITCH moves no row
-- params: run_id, fence, partitions
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'switch_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_target int = OBJECT_ID(N'[dbo].[orders_months]', N'U'), @dp_problems nvarchar(max), @dp_bad nvarchar(450), @dp_rows bigint;
  DECLARE @dp_statement nvarchar(max), @dp_new nvarchar(520), @dp_old nvarchar(520);
  DECLARE @dp_nth int, @dp_number int, @dp_low date, @dp_high date;
  DECLARE @dp_parts TABLE ([nth] int NOT NULL PRIMARY KEY, [value] nvarchar(450) NULL, [low] date NULL, [high] date NULL,
                           [number] int NULL);
  DECLARE @dp_built bigint = 0, @dp_expected bigint, @dp_expected_digest varchar(80);
  DECLARE @dp_a decimal(38,0), @dp_b decimal(38,0), @dp_sum_a decimal(38,0) = 0, @dp_sum_b decimal(38,0) = 0;
  SET @dp_statement = (
    SELECT N'DROP TABLE ' + N'[dbo]' + N'.' + QUOTENAME([name]) COLLATE DATABASE_DEFAULT + N'; ' FROM sys.tables
     WHERE [schema_id] = SCHEMA_ID(N'dbo') AND LEFT([name], LEN(N'orders_months__dponec_03d937f4_p')) = N'orders_months__dponec_03d937f4_p' COLLATE DATABASE_DEFAULT
       AND SUBSTRING([name], LEN(N'orders_months__dponec_03d937f4_p') + 1, 128) LIKE N'[no][0-9]%'
       AND SUBSTRING([name], LEN(N'orders_months__dponec_03d937f4_p') + 2, 128) NOT LIKE N'%[^0-9]%'
     ORDER BY [name]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_statement IS NOT NULL EXEC sys.sp_executesql @dp_statement;
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
  SELECT @dp_expected = [rows_staged], @dp_expected_digest = [digest] FROM [dbo].[dponec_state]
   WHERE [load] = N'switch_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] = N'staged';
  DECLARE @dp_columns nvarchar(max), @dp_place nvarchar(258), @dp_packed nvarchar(60), @dp_from nvarchar(40), @dp_to nvarchar(40);
  SET @dp_columns = (
    SELECT N', ' + QUOTENAME(c.[name]) COLLATE DATABASE_DEFAULT + N' '
           + CASE WHEN b.[name] = N'numeric' THEN CONCAT(N'numeric(', c.[precision], N',', c.[scale], N')') ELSE CASE WHEN b.name IN (N'char', N'varchar', N'binary', N'varbinary') THEN CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length) END, N')') WHEN b.name IN (N'nchar', N'nvarchar') THEN CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length / 2) END, N')') WHEN b.name IN (N'decimal', N'numeric') THEN CONCAT(N'decimal(', c.[precision], N',', c.scale, N')') WHEN b.name IN (N'time', N'datetime2', N'datetimeoffset') THEN CONCAT(b.name, N'(', c.scale, N')') WHEN b.name = N'timestamp' THEN N'rowversion' ELSE b.name END END
             COLLATE DATABASE_DEFAULT
           + COALESCE(N' COLLATE ' + c.[collation_name] COLLATE DATABASE_DEFAULT, N'')
           + CASE WHEN c.[is_nullable] = 1 THEN N' NULL' ELSE N' NOT NULL' END
      FROM sys.columns AS c INNER JOIN sys.types AS b ON b.user_type_id = CASE WHEN c.system_type_id = 240 THEN c.user_type_id ELSE c.system_type_id END
     WHERE c.[object_id] = @dp_target ORDER BY c.[column_id]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  SET @dp_columns = STUFF(@dp_columns, 1, 2, N'');
  SET @dp_nth = (SELECT MIN([nth]) FROM @dp_parts);
  WHILE @dp_nth IS NOT NULL
  BEGIN
    SELECT @dp_number = [number], @dp_low = [low], @dp_high = [high] FROM @dp_parts WHERE [nth] = @dp_nth;
    SET @dp_new = N'[dbo]' + N'.' + QUOTENAME(N'orders_months__dponec_03d937f4_p' + N'n' + CONVERT(nvarchar(10), @dp_nth));
    SET @dp_old = N'[dbo]' + N'.' + QUOTENAME(N'orders_months__dponec_03d937f4_p' + N'o' + CONVERT(nvarchar(10), @dp_nth));
    SELECT @dp_place = NULL, @dp_packed = NULL;
    SELECT @dp_place = QUOTENAME(g.[name]), @dp_packed = p.[data_compression_desc]
      FROM sys.indexes AS i
     INNER JOIN sys.partitions AS p ON p.[object_id] = i.[object_id] AND p.[index_id] = i.[index_id] AND p.[partition_number] = @dp_number
     INNER JOIN sys.destination_data_spaces AS d ON d.[partition_scheme_id] = i.[data_space_id] AND d.[destination_id] = @dp_number
     INNER JOIN sys.filegroups AS g ON g.[data_space_id] = d.[data_space_id]
     WHERE i.[object_id] = @dp_target AND i.[index_id] IN (0, 1);
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'CREATE TABLE '), @dp_new, N' (', @dp_columns, N') ON ', @dp_place,
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N');');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'CREATE TABLE '), @dp_old, N' (', @dp_columns, N') ON ', @dp_place,
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N');');
    EXEC sys.sp_executesql @dp_statement;
    SELECT @dp_from = CONVERT(nvarchar(40), @dp_low, 23), @dp_to = CONVERT(nvarchar(40), @dp_high, 23);
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), @dp_new, N' WITH CHECK ADD CONSTRAINT ',
        QUOTENAME(CONCAT(N'orders_months__dponec_03d937f4_p', N'n', @dp_nth, N'b')), N' CHECK ([day] IS NOT NULL AND [day] >= ''', @dp_from, N''' AND [day] < ''', @dp_to, N''');');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = (
      SELECT N'ALTER TABLE ' + @dp_new + N' WITH CHECK ADD CHECK ' + c.[definition] COLLATE DATABASE_DEFAULT + N'; '
        FROM sys.check_constraints AS c WHERE c.[parent_object_id] = @dp_target ORDER BY c.[object_id]
         FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
    IF @dp_statement IS NOT NULL EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'INSERT INTO '), @dp_new, N' WITH (TABLOCK) ([id], [day], [at], [amount], [status]) SELECT [id], [day], [at], [amount], [status] FROM [dbo].[orders_months__dponec_03d937f4_rows] AS [s] WHERE [s].[day] >= @low AND [s].[day] < @high; SET @rows = ROWCOUNT_BIG();');
    EXEC sys.sp_executesql @dp_statement, N'@low date, @high date, @rows bigint OUTPUT', @low = @dp_low, @high = @dp_high, @rows = @dp_rows OUTPUT;
    SET @dp_built = @dp_built + @dp_rows;
    SELECT @dp_place = NULL, @dp_packed = NULL;
    SELECT @dp_place = QUOTENAME(g.[name]), @dp_packed = p.[data_compression_desc]
      FROM sys.indexes AS i
     INNER JOIN sys.partitions AS p ON p.[object_id] = i.[object_id] AND p.[index_id] = i.[index_id] AND p.[partition_number] = @dp_number
     INNER JOIN sys.destination_data_spaces AS d ON d.[partition_scheme_id] = i.[data_space_id] AND d.[destination_id] = @dp_number
     INNER JOIN sys.filegroups AS g ON g.[data_space_id] = d.[data_space_id]
     WHERE i.[object_id] = @dp_target AND i.[name] = N'PK_orders_months';
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), @dp_new, N' ADD CONSTRAINT ',
        QUOTENAME(CONCAT(N'orders_months__dponec_03d937f4_p', N'n', @dp_nth, N'k1')), N' PRIMARY KEY CLUSTERED', N' ([id] ASC, [day] ASC)',
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N') ON ', @dp_place, N';');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), @dp_old, N' ADD CONSTRAINT ',
        QUOTENAME(CONCAT(N'orders_months__dponec_03d937f4_p', N'o', @dp_nth, N'k1')), N' PRIMARY KEY CLUSTERED', N' ([id] ASC, [day] ASC)',
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N') ON ', @dp_place, N';');
    EXEC sys.sp_executesql @dp_statement;
    SELECT @dp_place = NULL, @dp_packed = NULL;
    SELECT @dp_place = QUOTENAME(g.[name]), @dp_packed = p.[data_compression_desc]
      FROM sys.indexes AS i
     INNER JOIN sys.partitions AS p ON p.[object_id] = i.[object_id] AND p.[index_id] = i.[index_id] AND p.[partition_number] = @dp_number
     INNER JOIN sys.destination_data_spaces AS d ON d.[partition_scheme_id] = i.[data_space_id] AND d.[destination_id] = @dp_number
     INNER JOIN sys.filegroups AS g ON g.[data_space_id] = d.[data_space_id]
     WHERE i.[object_id] = @dp_target AND i.[name] = N'by status''s ]end[';
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'CREATE NONCLUSTERED INDEX '), N'[by status''s ]]end[]', N' ON ', @dp_new, N' ([status] DESC) INCLUDE ([amount])',
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N') ON ', @dp_place, N';');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'CREATE NONCLUSTERED INDEX '), N'[by status''s ]]end[]', N' ON ', @dp_old, N' ([status] DESC) INCLUDE ([amount])',
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N') ON ', @dp_place, N';');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'SELECT @a = CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)), @b = CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0)) FROM (
    SELECT HASHBYTES(''MD5'', CONCAT(CONVERT(varchar(max), ''''), COALESCE(''V'' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + '':'' + [v].[c0], ''N''),
           COALESCE(''V'' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + '':'' + [v].[c1], ''N''),
           COALESCE(''V'' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + '':'' + [v].[c2], ''N''),
           COALESCE(''V'' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + '':'' + [v].[c3], ''N''),
           COALESCE(''V'' + CONVERT(varchar(20), DATALENGTH([v].[c4])) + '':'' + [v].[c4], ''N''), '''')) AS [h]
      FROM '), @dp_new, N' AS [t]
     CROSS APPLY (SELECT CONVERT(varchar(20), [t].[id]) AS [c0],
       CONVERT(varchar(10), [t].[day], 23) AS [c1],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([t].[at], ''+00:00'')), 121) AS [c2],
       CONVERT(varchar(41), [t].[amount]) AS [c3],
       CASE WHEN CONVERT(nvarchar(max), [t].[status]) LIKE N''%[^ -~]%'' COLLATE Latin1_General_100_BIN2 THEN ''#'' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), 2) ELSE ''='' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[status])) END COLLATE Latin1_General_100_BIN2 AS [c4]) AS [v]
  ) AS [d];');
    EXEC sys.sp_executesql @dp_statement, N'@a decimal(38,0) OUTPUT, @b decimal(38,0) OUTPUT', @a = @dp_a OUTPUT, @b = @dp_b OUTPUT;
    SET @dp_sum_a = @dp_sum_a + @dp_a;
    SET @dp_sum_b = @dp_sum_b + @dp_b;
    SET @dp_nth = (SELECT MIN([nth]) FROM @dp_parts WHERE [nth] > @dp_nth);
  END;
  IF @dp_expected IS NULL OR @dp_built <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the new partitions hold ', @dp_built, N' rows, staged were ', COALESCE(CONVERT(nvarchar(20), @dp_expected), N'none'), N'; nothing was changed; run again'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  IF @dp_expected_digest IS NULL OR @dp_expected_digest <> CONCAT(@dp_sum_a, N':', @dp_sum_b)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the new partitions hold as many rows as were staged, and not the same ones', N'; nothing was changed; look for column types of the target that round or cut'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'switch_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
