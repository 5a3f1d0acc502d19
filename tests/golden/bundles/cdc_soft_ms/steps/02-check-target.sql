-- step check-target
-- purpose: refuse when the target is not what the plan was compiled for
-- engine: mssql (target)
-- idempotency: pure
-- why: a dropped, retyped or added column would surface in the middle of the load
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_object int, @dp_problems nvarchar(max);
  SET @dp_object = COALESCE(OBJECT_ID(N'[dbo].[notes]', N'U'), OBJECT_ID(N'[dbo].[notes]', N'V'));
  IF @dp_object IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'the target table dbo.notes is not there, or this login may not see it', N'; create the table, or run dponec introspect and compile again'), N'%', N'%%');
    THROW 50420, @dp_message, 1;
  END;
  SET @dp_problems = (
    SELECT N'; ' + p.[problem] FROM (
      SELECT CASE
          WHEN e.[name] IS NULL THEN NULL
          WHEN c.[name] IS NULL THEN CONCAT(N'column ', e.[name], N' is gone')
          WHEN CASE WHEN b.name IN (N'char', N'varchar', N'binary', N'varbinary') THEN CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length) END, N')') WHEN b.name IN (N'nchar', N'nvarchar') THEN CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length / 2) END, N')') WHEN b.name IN (N'decimal', N'numeric') THEN CONCAT(N'decimal(', c.[precision], N',', c.scale, N')') WHEN b.name IN (N'time', N'datetime2', N'datetimeoffset') THEN CONCAT(b.name, N'(', c.scale, N')') WHEN b.name = N'timestamp' THEN N'rowversion' ELSE b.name END <> e.[type] THEN CONCAT(N'column ', e.[name], N' is ', CASE WHEN b.name IN (N'char', N'varchar', N'binary', N'varbinary') THEN CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length) END, N')') WHEN b.name IN (N'nchar', N'nvarchar') THEN CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length / 2) END, N')') WHEN b.name IN (N'decimal', N'numeric') THEN CONCAT(N'decimal(', c.[precision], N',', c.scale, N')') WHEN b.name IN (N'time', N'datetime2', N'datetimeoffset') THEN CONCAT(b.name, N'(', c.scale, N')') WHEN b.name = N'timestamp' THEN N'rowversion' ELSE b.name END, N', the plan was made for ', e.[type])
          WHEN e.[required] = 1 AND c.is_nullable = 1 THEN CONCAT(N'column ', e.[name], N' may be NULL now')
          WHEN e.[written] = 1 AND (c.is_computed = 1 OR c.generated_always_type <> 0 OR c.system_type_id = 189)
            THEN CONCAT(N'column ', e.[name], N' is computed now')
        END AS [problem]
        FROM (VALUES
          (N'id', N'bigint', 0, 1),
          (N'status', N'nvarchar(20)', 0, 1),
          (N'body', N'nvarchar(max)', 0, 1),
          (N'amount', N'decimal(18,2)', 0, 1),
          (N'at', N'datetimeoffset(6)', 0, 1)
        ) AS e ([name], [type], [required], [written])
        LEFT JOIN sys.columns AS c ON c.[object_id] = @dp_object AND c.[name] = e.[name] COLLATE DATABASE_DEFAULT
        LEFT JOIN sys.types AS b ON b.user_type_id = CASE WHEN c.system_type_id = 240 THEN c.user_type_id ELSE c.system_type_id END
      UNION ALL
      SELECT CONCAT(N'column ', c.[name], N' is new, NOT NULL and has no default, and the plan does not write it')
        FROM sys.columns AS c
       WHERE c.[object_id] = @dp_object AND c.is_nullable = 0 AND c.default_object_id = 0 AND c.is_identity = 0
         AND c.is_computed = 0 AND c.generated_always_type = 0 AND c.system_type_id <> 189
         AND NOT EXISTS (SELECT 1 FROM (VALUES (N'id'), (N'status'), (N'body'), (N'amount'), (N'at')) AS w ([name]) WHERE w.[name] = c.[name] COLLATE DATABASE_DEFAULT)
    ) AS p
     WHERE p.[problem] IS NOT NULL
     ORDER BY p.[problem]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_problems IS NOT NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'the target table dbo.notes has changed: ', STUFF(LEFT(@dp_problems, 900), 1, 2, N''), N'; run dponec introspect, compile again and review the new plan'), N'%', N'%%');
    THROW 50420, @dp_message, 1;
  END;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
