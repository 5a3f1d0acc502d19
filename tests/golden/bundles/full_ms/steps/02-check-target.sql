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
  SET @dp_object = COALESCE(OBJECT_ID(N'[wide].[every_type]', N'U'), OBJECT_ID(N'[wide].[every_type]', N'V'));
  IF @dp_object IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'the target table wide.every_type is not there, or this login may not see it', N'; create the table, or run dponec introspect and compile again'), N'%', N'%%');
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
          (N'id', N'int', 0, 1),
          (N'c_bit', N'bit', 0, 1),
          (N'c_tiny', N'tinyint', 0, 1),
          (N'c_small', N'smallint', 0, 1),
          (N'c_dec', N'decimal(38,10)', 0, 1),
          (N'c_money', N'money', 0, 1),
          (N'c_real', N'real', 0, 1),
          (N'c_float', N'float', 0, 1),
          (N'c_char', N'char(10)', 0, 1),
          (N'c_varchar', N'varchar(max)', 0, 1),
          (N'c_nchar', N'nchar(10)', 0, 1),
          (N'c_text', N'nvarchar(max)', 0, 1),
          (N'c_bin', N'varbinary(max)', 0, 1),
          (N'c_date', N'date', 0, 1),
          (N'c_time', N'time(7)', 0, 1),
          (N'c_datetime', N'datetime', 0, 1),
          (N'c_small_dt', N'smalldatetime', 0, 1),
          (N'c_dt2', N'datetime2(7)', 0, 1),
          (N'c_dto', N'datetimeoffset(3)', 0, 1),
          (N'c_uuid', N'uniqueidentifier', 0, 1),
          (N'c_json', N'nvarchar(max)', 0, 1)
        ) AS e ([name], [type], [required], [written])
        LEFT JOIN sys.columns AS c ON c.[object_id] = @dp_object AND c.[name] = e.[name] COLLATE DATABASE_DEFAULT
        LEFT JOIN sys.types AS b ON b.user_type_id = CASE WHEN c.system_type_id = 240 THEN c.user_type_id ELSE c.system_type_id END
      UNION ALL
      SELECT CONCAT(N'column ', c.[name], N' is new, NOT NULL and has no default, and the plan does not write it')
        FROM sys.columns AS c
       WHERE c.[object_id] = @dp_object AND c.is_nullable = 0 AND c.default_object_id = 0 AND c.is_identity = 0
         AND c.is_computed = 0 AND c.generated_always_type = 0 AND c.system_type_id <> 189
         AND NOT EXISTS (SELECT 1 FROM (VALUES (N'id'), (N'c_bit'), (N'c_tiny'), (N'c_small'), (N'c_dec'), (N'c_money'), (N'c_real'), (N'c_float'), (N'c_char'), (N'c_varchar'), (N'c_nchar'), (N'c_text'), (N'c_bin'), (N'c_date'), (N'c_time'), (N'c_datetime'), (N'c_small_dt'), (N'c_dt2'), (N'c_dto'), (N'c_uuid'), (N'c_json')) AS w ([name]) WHERE w.[name] = c.[name] COLLATE DATABASE_DEFAULT)
      UNION ALL
      SELECT CONCAT(N'foreign key ', k.[name], N' is new, and deleted rows would change or take along rows of that table')
        FROM (SELECT CONCAT(f.[name], N' of ', OBJECT_SCHEMA_NAME(f.[parent_object_id]), N'.', OBJECT_NAME(f.[parent_object_id])) AS [name]
                FROM sys.foreign_keys AS f
               WHERE f.[referenced_object_id] = @dp_object AND f.[parent_object_id] <> @dp_object
                 AND f.[delete_referential_action] <> 0) AS k
       WHERE NOT EXISTS (SELECT 1 FROM (VALUES (N'')) AS w ([name]) WHERE w.[name] = k.[name] COLLATE DATABASE_DEFAULT)
    ) AS p
     WHERE p.[problem] IS NOT NULL
     ORDER BY p.[problem]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_problems IS NOT NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'the target table wide.every_type has changed: ', STUFF(LEFT(@dp_problems, 900), 1, 2, N''), N'; run dponec introspect, compile again and review the new plan'), N'%', N'%%');
    THROW 50420, @dp_message, 1;
  END;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
