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
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c20])) + ':' + [v].[c20], 'N'), '')) AS [h]
      FROM [staging].[every_type__dponec_7e370e51_rows] AS [s]
     CROSS APPLY (SELECT CONVERT(varchar(20), [s].[id]) AS [c0],
       CONVERT(varchar(20), [s].[c_bit]) AS [c1],
       CONVERT(varchar(20), [s].[c_tiny]) AS [c2],
       CONVERT(varchar(20), [s].[c_small]) AS [c3],
       CONVERT(varchar(41), [s].[c_dec]) AS [c4],
       CONVERT(varchar(41), CONVERT(decimal(19,4), [s].[c_money])) AS [c5],
       LOWER(CONVERT(varchar(8), CONVERT(varbinary(4), [s].[c_real]), 2)) AS [c6],
       LOWER(CONVERT(varchar(16), CONVERT(varbinary(8), [s].[c_float]), 2)) AS [c7],
       CASE WHEN CONVERT(nvarchar(max), RTRIM([s].[c_char])) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), RTRIM([s].[c_char]))), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), RTRIM([s].[c_char]))) END COLLATE Latin1_General_100_BIN2 AS [c8],
       CASE WHEN CONVERT(nvarchar(max), [s].[c_varchar]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[c_varchar])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[c_varchar])) END COLLATE Latin1_General_100_BIN2 AS [c9],
       CASE WHEN CONVERT(nvarchar(max), RTRIM([s].[c_nchar])) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), RTRIM([s].[c_nchar]))), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), RTRIM([s].[c_nchar]))) END COLLATE Latin1_General_100_BIN2 AS [c10],
       CASE WHEN CONVERT(nvarchar(max), [s].[c_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[c_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[c_text])) END COLLATE Latin1_General_100_BIN2 AS [c11],
       LOWER(CONVERT(varchar(max), CONVERT(varbinary(max), [s].[c_bin]), 2)) AS [c12],
       CONVERT(varchar(10), [s].[c_date], 23) AS [c13],
       CONVERT(varchar(16), CONVERT(time(7), [s].[c_time]), 121) AS [c14],
       CONVERT(varchar(23), [s].[c_datetime], 121) + '0000' AS [c15],
       CONVERT(varchar(27), CONVERT(datetime2(7), [s].[c_small_dt]), 121) AS [c16],
       CONVERT(varchar(27), CONVERT(datetime2(7), [s].[c_dt2]), 121) AS [c17],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([s].[c_dto], '+00:00')), 121) AS [c18],
       LOWER(CONVERT(varchar(36), [s].[c_uuid])) AS [c19],
       CASE WHEN CONVERT(nvarchar(max), [s].[c_json]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[c_json])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[c_json])) END COLLATE Latin1_General_100_BIN2 AS [c20]) AS [v]
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
