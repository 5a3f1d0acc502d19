-- step exchange-tables
-- purpose: give the new table the target's owner, privileges and name
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: two renames in the transaction of the state
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_rows bigint, @dp_renamed int, @dp_grants nvarchar(max), @dp_key nvarchar(776);
  SELECT @dp_rows = COUNT_BIG(*) FROM [dbo].[orders] WITH (TABLOCKX, HOLDLOCK);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_deleted', @value = @dp_rows;
  SELECT @dp_rows = COUNT_BIG(*) FROM [dbo].[orders__dponec_dba76872_new] WITH (TABLOCKX, HOLDLOCK);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_inserted', @value = @dp_rows;
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
  SET @dp_grants = (
    SELECT CASE p.[state] WHEN 'D' THEN N'DENY ' ELSE N'GRANT ' END + p.[permission_name] COLLATE DATABASE_DEFAULT
           + COALESCE(N' (' + QUOTENAME(c.[name]) COLLATE DATABASE_DEFAULT + N')', N'') + N' ON [dbo].[orders__dponec_dba76872_new] TO '
           + QUOTENAME(g.[name]) COLLATE DATABASE_DEFAULT + CASE p.[state] WHEN 'W' THEN N' WITH GRANT OPTION; ' ELSE N'; ' END
      FROM sys.database_permissions AS p
     INNER JOIN sys.database_principals AS g ON g.[principal_id] = p.[grantee_principal_id]
      LEFT JOIN sys.columns AS c ON c.[object_id] = p.[major_id] AND c.[column_id] = p.[minor_id]
     WHERE p.[class] = 1 AND p.[major_id] = @dp_old AND p.[grantee_principal_id] NOT IN (1, DATABASE_PRINCIPAL_ID())
     ORDER BY g.[name], p.[permission_name], p.[minor_id]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_grants IS NOT NULL EXEC sys.sp_executesql @dp_grants;
  SELECT @dp_key = [name] FROM sys.key_constraints WHERE [parent_object_id] = @dp_old AND [type] = 'PK';
  DECLARE @dp_old_key nvarchar(776) = N'[dbo]' + N'.' + QUOTENAME(@dp_key);
  EXEC @dp_renamed = sys.sp_rename @objname = @dp_old_key, @newname = N'orders__dponec_dba76872_old_key', @objtype = N'OBJECT';
  IF @dp_renamed <> 0 THROW 50424, N'DP424: sp_rename did not do what it was asked for', 1;
  EXEC @dp_renamed = sys.sp_rename @objname = N'[dbo].[orders__dponec_dba76872_new_key]', @newname = @dp_key, @objtype = N'OBJECT';
  IF @dp_renamed <> 0 THROW 50424, N'DP424: sp_rename did not do what it was asked for', 1;
  EXEC @dp_renamed = sys.sp_rename @objname = N'[dbo].[orders]', @newname = N'orders__dponec_dba76872_old', @objtype = N'OBJECT';
  IF @dp_renamed <> 0 THROW 50424, N'DP424: sp_rename did not do what it was asked for', 1;
  EXEC @dp_renamed = sys.sp_rename @objname = N'[dbo].[orders__dponec_dba76872_new]', @newname = N'orders', @objtype = N'OBJECT';
  IF @dp_renamed <> 0 THROW 50424, N'DP424: sp_rename did not do what it was asked for', 1;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
