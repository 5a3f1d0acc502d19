-- step reconcile
-- purpose: prove that the target holds what was staged
-- engine: mssql (target), transaction finalize
-- idempotency: pure
-- why: inside the transaction a failed proof undoes everything
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048), @dp_expected bigint, @dp_found bigint;
  DECLARE @dp_expected_digest varchar(80), @dp_found_digest varchar(80);
  SELECT @dp_expected = [rows_staged], @dp_expected_digest = [digest] FROM [dbo].[dponec_state]
   WHERE [load] = N'pairs_ms_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] = N'staged';
  IF @dp_expected IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the state row does not say how many rows this run staged', N'; the transaction was rolled back; run again'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*) FROM [staging].[pairs__dponec_5d29be77_rows];
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'staging holds ', @dp_found, N' rows now, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SET @dp_found = COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0);
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'', @dp_found, N' rows were applied, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*), @dp_found_digest = CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)) + ':' + CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0))
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
      FROM [dbo].[pairs] AS [t] WITH (HOLDLOCK)
     CROSS APPLY (SELECT CONVERT(varchar(20), [t].[id]) AS [c0],
       CONVERT(varchar(41), [t].[float_money]) AS [c1],
       CONVERT(varchar(41), CONVERT(decimal(19,4), [t].[real_money])) AS [c2],
       CONVERT(varchar(20), [t].[decimal_int]) AS [c3],
       CONVERT(varchar(20), [t].[money_bigint]) AS [c4],
       CONVERT(varchar(23), [t].[fine_datetime], 121) + '0000' AS [c5],
       CONVERT(varchar(27), CONVERT(datetime2(7), [t].[fine_small]), 121) AS [c6],
       CONVERT(varchar(23), [t].[offset_datetime], 121) + '0000' AS [c7],
       CONVERT(varchar(27), CONVERT(datetime2(7), [t].[offset_wall]), 121) AS [c8],
       CONVERT(varchar(10), [t].[offset_date], 23) AS [c9],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([t].[wall_offset], '+00:00')), 121) AS [c10],
       CONVERT(varchar(27), CONVERT(datetime2(7), [t].[ticks_fine]), 121) AS [c11],
       LOWER(CONVERT(varchar(8), CONVERT(varbinary(4), [t].[narrow_float]), 2)) AS [c12],
       CONVERT(varchar(20), [t].[wide_int]) AS [c13],
       CONVERT(varchar(41), [t].[money_cents]) AS [c14],
       CONVERT(varchar(16), CONVERT(time(7), [t].[coarse_time]), 121) AS [c15],
       CONVERT(varchar(27), CONVERT(datetime2(7), [t].[day_wall]), 121) AS [c16],
       CONVERT(varchar(20), [t].[flag_number]) AS [c17],
       LOWER(CONVERT(varchar(36), [t].[text_uuid])) AS [c18],
       CASE WHEN CONVERT(nvarchar(max), [t].[char_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[char_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[char_text])) END COLLATE Latin1_General_100_BIN2 AS [c19],
       CASE WHEN CONVERT(nvarchar(max), [t].[nchar_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[nchar_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[nchar_text])) END COLLATE Latin1_General_100_BIN2 AS [c20],
       CASE WHEN CONVERT(nvarchar(max), [t].[float_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[float_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[float_text])) END COLLATE Latin1_General_100_BIN2 AS [c21],
       CASE WHEN CONVERT(nvarchar(max), [t].[money_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[money_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[money_text])) END COLLATE Latin1_General_100_BIN2 AS [c22],
       CASE WHEN CONVERT(nvarchar(max), [t].[datetime_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[datetime_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[datetime_text])) END COLLATE Latin1_General_100_BIN2 AS [c23],
       CASE WHEN CONVERT(nvarchar(max), [t].[offset_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[offset_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[offset_text])) END COLLATE Latin1_General_100_BIN2 AS [c24],
       CASE WHEN CONVERT(nvarchar(max), [t].[uuid_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[uuid_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[uuid_text])) END COLLATE Latin1_General_100_BIN2 AS [c25],
       CASE WHEN CONVERT(nvarchar(max), [t].[bytes_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[bytes_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[bytes_text])) END COLLATE Latin1_General_100_BIN2 AS [c26],
       CASE WHEN CONVERT(nvarchar(max), [t].[time_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[time_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[time_text])) END COLLATE Latin1_General_100_BIN2 AS [c27],
       CONVERT(varchar(20), [t].[version_number]) AS [c28],
       CASE WHEN CONVERT(nvarchar(max), [t].[variant_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[variant_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[variant_text])) END COLLATE Latin1_General_100_BIN2 AS [c29],
       LOWER(CONVERT(varchar(max), CONVERT(varbinary(max), [t].[bytes_bytes]), 2)) AS [c30]) AS [v]
  ) AS [d];
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the target holds ', @dp_found, N' rows of this run''s scope, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  IF @dp_expected_digest IS NULL OR @dp_found_digest IS NULL OR @dp_found_digest <> @dp_expected_digest
  BEGIN
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the target holds as many rows as were staged, and not the same ones', N'; the transaction was rolled back; look for triggers that change values, and for lossy column types'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
