-- step transfer-rows (unpack)
-- purpose: stream the source into staging (rows)
-- engine: mssql (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [wide].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_taken bigint;
  DECLARE @dp_message nvarchar(2048), @dp_column sysname;
  SELECT TOP (1) @dp_column = c.[name]
    FROM sys.columns AS c
   WHERE c.[object_id] = OBJECT_ID(N'[staging].[every_type__dponec_7e370e51_rows]', N'U') AND c.[name] IN (N'c_char', N'c_varchar')
     AND COALESCE(CONVERT(int, COLLATIONPROPERTY(c.[collation_name], N'CodePage')), -1) <> COALESCE(CONVERT(int,
         COLLATIONPROPERTY(CONVERT(nvarchar(128), DATABASEPROPERTYEX(DB_NAME(), N'Collation')), N'CodePage')), -2)
   ORDER BY c.[column_id];
  IF @dp_column IS NULL AND EXISTS (SELECT 1 FROM [staging].[every_type__dponec_7e370e51_rows_lines] AS [l] CROSS APPLY OPENJSON(N'[' + [l].[line] + N']') WITH (
         [c0] nvarchar(max) 'strict $[0]',
         [c1] nvarchar(max) 'strict $[1]',
         [c2] nvarchar(max) 'strict $[2]',
         [c3] nvarchar(max) 'strict $[3]',
         [c4] nvarchar(max) 'strict $[4]',
         [c5] nvarchar(max) 'strict $[5]',
         [c6] nvarchar(max) 'strict $[6]',
         [c7] nvarchar(max) 'strict $[7]',
         [c8] nvarchar(max) 'strict $[8]',
         [c9] nvarchar(max) 'strict $[9]',
         [c10] nvarchar(max) 'strict $[10]',
         [c11] nvarchar(max) 'strict $[11]',
         [c12] nvarchar(max) 'strict $[12]',
         [c13] nvarchar(max) 'strict $[13]',
         [c14] nvarchar(max) 'strict $[14]',
         [c15] nvarchar(max) 'strict $[15]',
         [c16] nvarchar(max) 'strict $[16]',
         [c17] nvarchar(max) 'strict $[17]',
         [c18] nvarchar(max) 'strict $[18]',
         [c19] nvarchar(max) 'strict $[19]',
         [c20] nvarchar(max) 'strict $[20]') AS [r]
     WHERE CONVERT(varbinary(max), CONVERT(nvarchar(max), CONVERT(varchar(max), [r].[c8]))) <> CONVERT(varbinary(max), [r].[c8])
        OR CONVERT(varbinary(max), CONVERT(nvarchar(max), CONVERT(varchar(max), [r].[c9]))) <> CONVERT(varbinary(max), [r].[c9]))
    THROW 50509, N'DP509: a text has characters that the code page of its column does not have; use nvarchar, or convert it', 1;
  INSERT INTO [staging].[every_type__dponec_7e370e51_rows] WITH (TABLOCK) ([id], [c_bit], [c_tiny], [c_small], [c_dec], [c_money], [c_real], [c_float], [c_char], [c_varchar], [c_nchar], [c_text], [c_bin], [c_date], [c_time], [c_datetime], [c_small_dt], [c_dt2], [c_dto], [c_uuid], [c_json])
  SELECT CONVERT(int, [r].[c0]),
         CONVERT(bit, [r].[c1]),
         CONVERT(tinyint, [r].[c2]),
         CONVERT(smallint, [r].[c3]),
         CONVERT(decimal(38,10), [r].[c4]),
         CONVERT(money, [r].[c5]),
         CONVERT(real, [r].[c6]),
         CONVERT(float, [r].[c7]),
         [r].[c8],
         [r].[c9],
         [r].[c10],
         [r].[c11],
         CONVERT(varbinary(max), [r].[c12], 2),
         CONVERT(date, [r].[c13], 23),
         CONVERT(time(7), [r].[c14]),
         CONVERT(datetime, [r].[c15], 121),
         CONVERT(smalldatetime, [r].[c16], 121),
         CONVERT(datetime2(7), [r].[c17], 121),
         CONVERT(datetimeoffset(3), [r].[c18]),
         CONVERT(uniqueidentifier, [r].[c19]),
         [r].[c20]
    FROM [staging].[every_type__dponec_7e370e51_rows_lines] AS [l] CROSS APPLY OPENJSON(N'[' + [l].[line] + N']') WITH (
         [c0] nvarchar(max) 'strict $[0]',
         [c1] nvarchar(max) 'strict $[1]',
         [c2] nvarchar(max) 'strict $[2]',
         [c3] nvarchar(max) 'strict $[3]',
         [c4] nvarchar(max) 'strict $[4]',
         [c5] nvarchar(max) 'strict $[5]',
         [c6] nvarchar(max) 'strict $[6]',
         [c7] nvarchar(max) 'strict $[7]',
         [c8] nvarchar(max) 'strict $[8]',
         [c9] nvarchar(max) 'strict $[9]',
         [c10] nvarchar(max) 'strict $[10]',
         [c11] nvarchar(max) 'strict $[11]',
         [c12] nvarchar(max) 'strict $[12]',
         [c13] nvarchar(max) 'strict $[13]',
         [c14] nvarchar(max) 'strict $[14]',
         [c15] nvarchar(max) 'strict $[15]',
         [c16] nvarchar(max) 'strict $[16]',
         [c17] nvarchar(max) 'strict $[17]',
         [c18] nvarchar(max) 'strict $[18]',
         [c19] nvarchar(max) 'strict $[19]',
         [c20] nvarchar(max) 'strict $[20]') AS [r];
  SET @dp_taken = ROWCOUNT_BIG();
  DROP TABLE [staging].[every_type__dponec_7e370e51_rows_lines];
  UPDATE [wide].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;

  SELECT CONVERT(nvarchar(20), @dp_taken) AS [rows];
