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
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'pairs_ms_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_taken bigint;
  DECLARE @dp_message nvarchar(2048), @dp_column sysname;
  SELECT TOP (1) @dp_column = c.[name]
    FROM sys.columns AS c
   WHERE c.[object_id] = OBJECT_ID(N'[staging].[pairs__dponec_5d29be77_rows]', N'U') AND c.[name] IN (N'char_text')
     AND COALESCE(CONVERT(int, COLLATIONPROPERTY(c.[collation_name], N'CodePage')), -1) <> COALESCE(CONVERT(int,
         COLLATIONPROPERTY(CONVERT(nvarchar(128), DATABASEPROPERTYEX(DB_NAME(), N'Collation')), N'CodePage')), -2)
   ORDER BY c.[column_id];
  IF @dp_column IS NULL AND EXISTS (SELECT 1 FROM [staging].[pairs__dponec_5d29be77_rows_lines] AS [l] CROSS APPLY OPENJSON(N'[' + [l].[line] + N']') WITH (
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
         [c20] nvarchar(max) 'strict $[20]',
         [c21] nvarchar(max) 'strict $[21]',
         [c22] nvarchar(max) 'strict $[22]',
         [c23] nvarchar(max) 'strict $[23]',
         [c24] nvarchar(max) 'strict $[24]',
         [c25] nvarchar(max) 'strict $[25]',
         [c26] nvarchar(max) 'strict $[26]',
         [c27] nvarchar(max) 'strict $[27]',
         [c28] nvarchar(max) 'strict $[28]',
         [c29] nvarchar(max) 'strict $[29]',
         [c30] nvarchar(max) 'strict $[30]') AS [r]
     WHERE CONVERT(varbinary(max), CONVERT(nvarchar(max), CONVERT(varchar(max), [r].[c19]))) <> CONVERT(varbinary(max), [r].[c19]))
    THROW 50509, N'DP509: a text has characters that the code page of its column does not have; use nvarchar, or convert it', 1;
  INSERT INTO [staging].[pairs__dponec_5d29be77_rows] WITH (TABLOCK) ([id], [float_money], [real_money], [decimal_int], [money_bigint], [fine_datetime], [fine_small], [offset_datetime], [offset_wall], [offset_date], [wall_offset], [ticks_fine], [narrow_float], [wide_int], [money_cents], [coarse_time], [day_wall], [flag_number], [text_uuid], [char_text], [nchar_text], [float_text], [money_text], [datetime_text], [offset_text], [uuid_text], [bytes_text], [time_text], [version_number], [variant_text], [bytes_bytes])
  SELECT CONVERT(bigint, [r].[c0]),
         CONVERT(decimal(18,2), [r].[c1]),
         CONVERT(money, [r].[c2]),
         CONVERT(int, [r].[c3]),
         CONVERT(bigint, [r].[c4]),
         CONVERT(datetime, [r].[c5], 121),
         CONVERT(smalldatetime, [r].[c6], 121),
         CONVERT(datetime, [r].[c7], 121),
         CONVERT(datetime2(3), [r].[c8], 121),
         CONVERT(date, [r].[c9], 23),
         CONVERT(datetimeoffset(7), [r].[c10]),
         CONVERT(datetime2(7), [r].[c11], 121),
         CONVERT(real, [r].[c12]),
         CONVERT(int, [r].[c13]),
         CONVERT(decimal(19,2), [r].[c14]),
         CONVERT(time(3), [r].[c15]),
         CONVERT(datetime2(0), [r].[c16], 121),
         CONVERT(int, [r].[c17]),
         CONVERT(uniqueidentifier, [r].[c18]),
         [r].[c19],
         [r].[c20],
         [r].[c21],
         [r].[c22],
         [r].[c23],
         [r].[c24],
         [r].[c25],
         [r].[c26],
         [r].[c27],
         CONVERT(bigint, [r].[c28]),
         [r].[c29],
         CONVERT(varbinary(max), [r].[c30], 2)
    FROM [staging].[pairs__dponec_5d29be77_rows_lines] AS [l] CROSS APPLY OPENJSON(N'[' + [l].[line] + N']') WITH (
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
         [c20] nvarchar(max) 'strict $[20]',
         [c21] nvarchar(max) 'strict $[21]',
         [c22] nvarchar(max) 'strict $[22]',
         [c23] nvarchar(max) 'strict $[23]',
         [c24] nvarchar(max) 'strict $[24]',
         [c25] nvarchar(max) 'strict $[25]',
         [c26] nvarchar(max) 'strict $[26]',
         [c27] nvarchar(max) 'strict $[27]',
         [c28] nvarchar(max) 'strict $[28]',
         [c29] nvarchar(max) 'strict $[29]',
         [c30] nvarchar(max) 'strict $[30]') AS [r];
  SET @dp_taken = ROWCOUNT_BIG();
  DROP TABLE [staging].[pairs__dponec_5d29be77_rows_lines];
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'pairs_ms_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;

  SELECT CONVERT(nvarchar(20), @dp_taken) AS [rows];
