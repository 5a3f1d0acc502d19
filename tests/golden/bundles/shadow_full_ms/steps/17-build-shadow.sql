-- step build-shadow
-- purpose: build the new target beside the old one
-- engine: mssql (target)
-- idempotency: idempotent
-- why: rows that stay (NULL keys too), and the staged rows, with every constraint and index
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'shadow_full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_message nvarchar(2048);
  IF OBJECT_ID(N'[dbo].[orders__dponec_dba76872_old]', N'U') IS NOT NULL DROP TABLE [dbo].[orders__dponec_dba76872_old];
  IF OBJECT_ID(N'[dbo].[orders__dponec_dba76872_new]', N'U') IS NOT NULL DROP TABLE [dbo].[orders__dponec_dba76872_new];
  DECLARE @dp_old int = OBJECT_ID(N'[dbo].[orders]', N'U'), @dp_problems nvarchar(max);
  SET @dp_problems = (
    SELECT N'; ' + o.[what] COLLATE DATABASE_DEFAULT FROM (
      SELECT N'what this login does not see without VIEW DEFINITION in the database (setup/mssql_grants.sql)' AS [what]
       WHERE COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'VIEW DEFINITION'), 0) = 0
      UNION ALL
      SELECT N'trigger ' + [name] COLLATE DATABASE_DEFAULT FROM sys.triggers WHERE [parent_id] = @dp_old
      UNION ALL
      SELECT N'foreign key ' + [name] COLLATE DATABASE_DEFAULT FROM sys.foreign_keys
       WHERE [parent_object_id] = @dp_old OR [referenced_object_id] = @dp_old
      UNION ALL
      SELECT N'constraint ' + [name] COLLATE DATABASE_DEFAULT FROM sys.objects
       WHERE [parent_object_id] = @dp_old AND [type] IN ('C', 'D', 'UQ', 'R')
      UNION ALL
      SELECT N'column ' + [name] COLLATE DATABASE_DEFAULT FROM sys.columns
       WHERE [object_id] = @dp_old
         AND ([is_computed] = 1 OR [is_identity] = 1 OR [is_sparse] = 1 OR [is_rowguidcol] = 1 OR [is_filestream] = 1 OR [is_masked] = 1
              OR [generated_always_type] <> 0 OR [encryption_type] IS NOT NULL OR [xml_collection_id] <> 0
              OR [default_object_id] <> 0 OR [rule_object_id] <> 0 OR [system_type_id] = 189 OR [user_type_id] > 256)
      UNION ALL
      SELECT N'a column that the plan does not know' FROM sys.columns WHERE [object_id] = @dp_old
       HAVING COUNT(*) <> 5
      UNION ALL
      SELECT N'index ' + COALESCE(i.[name], N'none, it is a heap') COLLATE DATABASE_DEFAULT
        FROM sys.indexes AS i INNER JOIN sys.data_spaces AS d ON d.[data_space_id] = i.[data_space_id]
       WHERE i.[object_id] = @dp_old
         AND (i.[type] <> 1 OR i.[is_primary_key] = 0 OR i.[is_disabled] = 1 OR i.[ignore_dup_key] = 1 OR d.[is_default] = 0)
      UNION ALL
      SELECT N'the order of the key' FROM sys.index_columns
       WHERE [object_id] = @dp_old AND [index_id] = 1 AND [is_descending_key] = 1
      UNION ALL
      SELECT N'compression' FROM sys.partitions WHERE [object_id] = @dp_old AND [data_compression] <> 0
      UNION ALL
      SELECT N'object ' + COALESCE(OBJECT_NAME([referencing_id]), N'') COLLATE DATABASE_DEFAULT FROM sys.sql_expression_dependencies
       WHERE [referenced_id] = @dp_old AND [is_schema_bound_reference] = 1
      UNION ALL
      SELECT N'security policy' FROM sys.security_predicates WHERE [target_object_id] = @dp_old
      UNION ALL
      SELECT N'change tracking' FROM sys.change_tracking_tables WHERE [object_id] = @dp_old
      UNION ALL
      SELECT N'full-text index' FROM sys.fulltext_indexes WHERE [object_id] = @dp_old
      UNION ALL
      SELECT N'extended property ' + [name] COLLATE DATABASE_DEFAULT FROM sys.extended_properties WHERE [class] = 1 AND [major_id] = @dp_old
      UNION ALL
      SELECT N'a revoked permission' FROM sys.database_permissions WHERE [class] = 1 AND [major_id] = @dp_old AND [state] = 'R'
      UNION ALL
      SELECT N'an owner of its own, or replication, capture, history or memory' FROM sys.tables
       WHERE [object_id] = @dp_old
         AND ([principal_id] IS NOT NULL OR [is_replicated] = 1 OR [is_published] = 1 OR [is_tracked_by_cdc] = 1 OR [temporal_type] <> 0
              OR [is_memory_optimized] = 1 OR [is_filetable] = 1 OR [lock_escalation] <> 0)
    ) AS o
     ORDER BY o.[what]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_old IS NULL OR @dp_problems IS NOT NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'dbo.orders cannot be replaced by another table: ', STUFF(LEFT(@dp_problems, 900), 1, 2, N''), N'; nothing was changed; run dponec introspect, compile again and review the new plan'), N'%', N'%%');
    THROW 50420, @dp_message, 1;
  END;
  SELECT TOP (0) [id], [day], [at], [amount], [status]
    INTO [dbo].[orders__dponec_dba76872_new]
    FROM [dbo].[orders];
  EXEC sys.sp_executesql N'INSERT INTO [dbo].[orders__dponec_dba76872_new] WITH (TABLOCK) ([id], [day], [at], [amount], [status])
SELECT [id], [day], [at], [amount], [status]
  FROM [staging].[orders__dponec_dba76872_rows];';
  EXEC sys.sp_executesql N'ALTER TABLE [dbo].[orders__dponec_dba76872_new] ADD CONSTRAINT [orders__dponec_dba76872_new_key] PRIMARY KEY CLUSTERED ([id], [day]);';
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'shadow_full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
