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
  SELECT @dp_expected = [rows_staged], @dp_expected_digest = [digest] FROM [wide].[dponec_state]
   WHERE [load] = N'full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] = N'staged';
  IF @dp_expected IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the state row does not say how many rows this run staged', N'; the transaction was rolled back; run again'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*) FROM [staging].[every_type__dponec_7e370e51_rows];
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
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c20])) + ':' + [v].[c20], 'N'), '')) AS [h]
      FROM [wide].[every_type] AS [t] WITH (HOLDLOCK)
     CROSS APPLY (SELECT CONVERT(varchar(20), [t].[id]) AS [c0],
       CONVERT(varchar(20), [t].[c_bit]) AS [c1],
       CONVERT(varchar(20), [t].[c_tiny]) AS [c2],
       CONVERT(varchar(20), [t].[c_small]) AS [c3],
       CONVERT(varchar(41), [t].[c_dec]) AS [c4],
       CONVERT(varchar(41), CONVERT(decimal(19,4), [t].[c_money])) AS [c5],
       LOWER(CONVERT(varchar(8), CONVERT(varbinary(4), [t].[c_real]), 2)) AS [c6],
       LOWER(CONVERT(varchar(16), CONVERT(varbinary(8), [t].[c_float]), 2)) AS [c7],
       CASE WHEN CONVERT(nvarchar(max), RTRIM([t].[c_char])) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), RTRIM([t].[c_char]))), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), RTRIM([t].[c_char]))) END COLLATE Latin1_General_100_BIN2 AS [c8],
       CASE WHEN CONVERT(nvarchar(max), [t].[c_varchar]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[c_varchar])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[c_varchar])) END COLLATE Latin1_General_100_BIN2 AS [c9],
       CASE WHEN CONVERT(nvarchar(max), RTRIM([t].[c_nchar])) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), RTRIM([t].[c_nchar]))), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), RTRIM([t].[c_nchar]))) END COLLATE Latin1_General_100_BIN2 AS [c10],
       CASE WHEN CONVERT(nvarchar(max), [t].[c_text]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[c_text])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[c_text])) END COLLATE Latin1_General_100_BIN2 AS [c11],
       LOWER(CONVERT(varchar(max), CONVERT(varbinary(max), [t].[c_bin]), 2)) AS [c12],
       CONVERT(varchar(10), [t].[c_date], 23) AS [c13],
       CONVERT(varchar(16), CONVERT(time(7), [t].[c_time]), 121) AS [c14],
       CONVERT(varchar(23), [t].[c_datetime], 121) + '0000' AS [c15],
       CONVERT(varchar(27), CONVERT(datetime2(7), [t].[c_small_dt]), 121) AS [c16],
       CONVERT(varchar(27), CONVERT(datetime2(7), [t].[c_dt2]), 121) AS [c17],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([t].[c_dto], '+00:00')), 121) AS [c18],
       LOWER(CONVERT(varchar(36), [t].[c_uuid])) AS [c19],
       CASE WHEN CONVERT(nvarchar(max), [t].[c_json]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[c_json])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[c_json])) END COLLATE Latin1_General_100_BIN2 AS [c20]) AS [v]
  ) AS [d];
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the target holds ', @dp_found, N' rows of this run''s scope, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  IF @dp_expected_digest IS NULL OR @dp_found_digest IS NULL OR @dp_found_digest <> @dp_expected_digest
  BEGIN
  SELECT @dp_found = COUNT_BIG(*)
    FROM [staging].[every_type__dponec_7e370e51_rows] AS [s]
   WHERE NOT EXISTS (SELECT 1 FROM [wide].[every_type] AS [t] WITH (HOLDLOCK) WHERE [t].[id] = [s].[id]);
  IF @dp_found <> 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', @dp_found, N' staged keys are not in the target', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*)
    FROM [wide].[every_type] AS [t] WITH (HOLDLOCK)
   WHERE NOT EXISTS (SELECT 1 FROM [staging].[every_type__dponec_7e370e51_rows] AS [s] WHERE [t].[id] = [s].[id]);
  IF @dp_found <> 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', @dp_found, N' keys of the target were not staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
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
