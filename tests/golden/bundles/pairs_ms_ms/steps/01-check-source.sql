-- step check-source
-- purpose: refuse when the source is not what the plan was compiled for
-- engine: mssql (source)
-- idempotency: pure
-- why: a dropped, retyped or added column would surface in the middle of the load
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_object int, @dp_problems nvarchar(max);
  SET @dp_object = COALESCE(OBJECT_ID(N'[sales].[pairs]', N'U'), OBJECT_ID(N'[sales].[pairs]', N'V'));
  IF @dp_object IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'the source table sales.pairs is not there, or this login may not see it', N'; create the table, or run dponec introspect and compile again'), N'%', N'%%');
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
          (N'bytes_bytes', N'varbinary(20)', 0, 0),
          (N'bytes_text', N'varbinary(20)', 0, 0),
          (N'char_text', N'char(10)', 0, 0),
          (N'coarse_time', N'time(7)', 0, 0),
          (N'datetime_text', N'datetime', 0, 0),
          (N'day_wall', N'date', 0, 0),
          (N'decimal_int', N'decimal(12,2)', 0, 0),
          (N'fine_datetime', N'datetime2(7)', 0, 0),
          (N'fine_small', N'datetime2(4)', 0, 0),
          (N'flag_number', N'bit', 0, 0),
          (N'float_money', N'float', 0, 0),
          (N'float_text', N'float', 0, 0),
          (N'id', N'bigint', 0, 0),
          (N'money_bigint', N'money', 0, 0),
          (N'money_cents', N'money', 0, 0),
          (N'money_text', N'money', 0, 0),
          (N'narrow_float', N'float', 0, 0),
          (N'nchar_text', N'nchar(10)', 0, 0),
          (N'offset_date', N'datetimeoffset(7)', 0, 0),
          (N'offset_datetime', N'datetimeoffset(7)', 0, 0),
          (N'offset_text', N'datetimeoffset(7)', 0, 0),
          (N'offset_wall', N'datetimeoffset(3)', 0, 0),
          (N'real_money', N'real', 0, 0),
          (N'text_uuid', N'nvarchar(36)', 0, 0),
          (N'ticks_fine', N'datetime', 0, 0),
          (N'time_text', N'time(3)', 0, 0),
          (N'uuid_text', N'uniqueidentifier', 0, 0),
          (N'variant_text', N'sql_variant', 0, 0),
          (N'version_number', N'rowversion', 0, 0),
          (N'wall_offset', N'datetime2(7)', 0, 0),
          (N'wide_int', N'bigint', 0, 0)
        ) AS e ([name], [type], [required], [written])
        LEFT JOIN sys.columns AS c ON c.[object_id] = @dp_object AND c.[name] = e.[name] COLLATE DATABASE_DEFAULT
        LEFT JOIN sys.types AS b ON b.user_type_id = CASE WHEN c.system_type_id = 240 THEN c.user_type_id ELSE c.system_type_id END
    ) AS p
     WHERE p.[problem] IS NOT NULL
     ORDER BY p.[problem]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_problems IS NOT NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP420: ', N'the source table sales.pairs has changed: ', STUFF(LEFT(@dp_problems, 900), 1, 2, N''), N'; run dponec introspect, compile again and review the new plan'), N'%', N'%%');
    THROW 50420, @dp_message, 1;
  END;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
