-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows, source_a, source_b
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_staged bigint, @dp_digest varchar(80);
  SELECT @dp_staged = COUNT_BIG(*), @dp_digest = CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)) + ':' + CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0))
    FROM (
    SELECT HASHBYTES('MD5', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + ':' + [v].[c3], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c4])) + ':' + [v].[c4], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c5])) + ':' + [v].[c5], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c6])) + ':' + [v].[c6], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c7])) + ':' + [v].[c7], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c8])) + ':' + [v].[c8], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c9])) + ':' + [v].[c9], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c10])) + ':' + [v].[c10], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c11])) + ':' + [v].[c11], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c12])) + ':' + [v].[c12], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c13])) + ':' + [v].[c13], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c14])) + ':' + [v].[c14], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c15])) + ':' + [v].[c15], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c16])) + ':' + [v].[c16], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c17])) + ':' + [v].[c17], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c18])) + ':' + [v].[c18], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c19])) + ':' + [v].[c19], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c20])) + ':' + [v].[c20], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c21])) + ':' + [v].[c21], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c22])) + ':' + [v].[c22], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c23])) + ':' + [v].[c23], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c24])) + ':' + [v].[c24], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c25])) + ':' + [v].[c25], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c26])) + ':' + [v].[c26], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c27])) + ':' + [v].[c27], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c28])) + ':' + [v].[c28], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c29])) + ':' + [v].[c29], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c30])) + ':' + [v].[c30], 'N'), '')) AS [h]
      FROM [staging].[pairs__dponec_5d29be77_rows] AS [s]
     CROSS APPLY (SELECT CONVERT(varchar(20), [s].[id]) AS [c0],
       CONVERT(varchar(41), [s].[float_money]) AS [c1],
       CONVERT(varchar(41), CONVERT(decimal(19,4), [s].[real_money])) AS [c2],
       CONVERT(varchar(20), [s].[decimal_int]) AS [c3],
       CONVERT(varchar(20), [s].[money_bigint]) AS [c4],
       CONVERT(varchar(23), [s].[fine_datetime], 121) + '0000' AS [c5],
       CONVERT(varchar(27), CONVERT(datetime2(7), [s].[fine_small]), 121) AS [c6],
       CONVERT(varchar(23), [s].[offset_datetime], 121) + '0000' AS [c7],
       CONVERT(varchar(27), CONVERT(datetime2(7), [s].[offset_wall]), 121) AS [c8],
       CONVERT(varchar(10), [s].[offset_date], 23) AS [c9],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([s].[wall_offset], '+00:00')), 121) AS [c10],
       CONVERT(varchar(27), CONVERT(datetime2(7), [s].[ticks_fine]), 121) AS [c11],
       LOWER(CONVERT(varchar(8), CONVERT(varbinary(4), [s].[narrow_float]), 2)) AS [c12],
       CONVERT(varchar(20), [s].[wide_int]) AS [c13],
       CONVERT(varchar(41), [s].[money_cents]) AS [c14],
       CONVERT(varchar(16), CONVERT(time(7), [s].[coarse_time]), 121) AS [c15],
       CONVERT(varchar(27), CONVERT(datetime2(7), [s].[day_wall]), 121) AS [c16],
       CONVERT(varchar(20), [s].[flag_number]) AS [c17],
       LOWER(CONVERT(varchar(36), [s].[text_uuid])) AS [c18],
       CASE WHEN CONVERT(nvarchar(max), [s].[char_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[char_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[char_text])) END COLLATE Latin1_General_100_BIN2 AS [c19],
       CASE WHEN CONVERT(nvarchar(max), [s].[nchar_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[nchar_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[nchar_text])) END COLLATE Latin1_General_100_BIN2 AS [c20],
       CASE WHEN CONVERT(nvarchar(max), [s].[float_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[float_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[float_text])) END COLLATE Latin1_General_100_BIN2 AS [c21],
       CASE WHEN CONVERT(nvarchar(max), [s].[money_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[money_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[money_text])) END COLLATE Latin1_General_100_BIN2 AS [c22],
       CASE WHEN CONVERT(nvarchar(max), [s].[datetime_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[datetime_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[datetime_text])) END COLLATE Latin1_General_100_BIN2 AS [c23],
       CASE WHEN CONVERT(nvarchar(max), [s].[offset_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[offset_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[offset_text])) END COLLATE Latin1_General_100_BIN2 AS [c24],
       CASE WHEN CONVERT(nvarchar(max), [s].[uuid_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[uuid_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[uuid_text])) END COLLATE Latin1_General_100_BIN2 AS [c25],
       CASE WHEN CONVERT(nvarchar(max), [s].[bytes_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[bytes_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[bytes_text])) END COLLATE Latin1_General_100_BIN2 AS [c26],
       CASE WHEN CONVERT(nvarchar(max), [s].[time_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[time_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[time_text])) END COLLATE Latin1_General_100_BIN2 AS [c27],
       CONVERT(varchar(20), [s].[version_number]) AS [c28],
       CASE WHEN CONVERT(nvarchar(max), [s].[variant_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[variant_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[variant_text])) END COLLATE Latin1_General_100_BIN2 AS [c29],
       LOWER(CONVERT(varchar(max), CONVERT(varbinary(max), [s].[bytes_bytes]), 2)) AS [c30]) AS [v]
  ) AS [d];
  IF @dp_staged <> CONVERT(bigint, @source_rows)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP501: ', N'the source sent ', @source_rows, N' rows, staging holds ', @dp_staged, N'; nothing reached the target; run again'), N'%', N'%%');
    THROW 50501, @dp_message, 1;
  END;
  IF @dp_digest <> CONCAT(@source_a, ':', @source_b)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP501: ', N'staging holds as many rows as the source sent, and not the same ones', N'; a value changed on its way: see the types in plan.md for the columns that may lose something'), N'%', N'%%');
    THROW 50501, @dp_message, 1;
  END;
  EXEC sys.sp_set_session_context @key = N'dponec.proved_rows', @value = @dp_digest;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
