-- step reconcile
-- purpose: prove that every staged key is in the target once, with the staged values
-- engine: mssql (target), transaction finalize
-- idempotency: pure
-- why: the watermark must not move on a claim
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
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] = N'staged';
  IF @dp_expected IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the state row does not say how many rows this run staged', N'; the transaction was rolled back; run again'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*) FROM [staging].[notes__dponec_96ef70bc_rows];
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'staging holds ', @dp_found, N' rows now, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SET @dp_found = COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0) + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_matched')), 0);
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
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c5])) + ':' + [v].[c5], 'N'), '')) AS [h]
      FROM [dbo].[notes] AS [t] WITH (HOLDLOCK)
     CROSS APPLY (SELECT CONVERT(varchar(20), [t].[id]) AS [c0],
       CASE WHEN CONVERT(nvarchar(max), [t].[status]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[status])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[status])) END COLLATE Latin1_General_100_BIN2 AS [c1],
       CASE WHEN CONVERT(nvarchar(max), [t].[body]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [t].[body])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [t].[body])) END COLLATE Latin1_General_100_BIN2 AS [c2],
       CONVERT(varchar(41), [t].[amount]) AS [c3],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([t].[at], '+00:00')), 121) AS [c4],
       CONVERT(varchar(20), [t].[gone]) AS [c5]) AS [v]
     WHERE EXISTS(SELECT 1 FROM [staging].[notes__dponec_96ef70bc_rows] AS [s] WHERE [t].[id] = [s].[id])
  ) AS [d];
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the target holds ', @dp_found, N' rows of this run''s scope, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  IF @dp_expected_digest IS NULL OR @dp_found_digest IS NULL OR @dp_found_digest <> @dp_expected_digest
  BEGIN
  SELECT @dp_found = COUNT_BIG(*)
    FROM [staging].[notes__dponec_96ef70bc_rows] AS [s]
   WHERE NOT EXISTS (SELECT 1 FROM [dbo].[notes] AS [t] WITH (HOLDLOCK) WHERE [t].[id] = [s].[id]);
  IF @dp_found <> 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', @dp_found, N' staged keys are not in the target', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the target holds as many rows as were staged, and not the same ones', N'; the transaction was rolled back; look for triggers that change values, and for lossy column types'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  END;
  SELECT @dp_found = COUNT_BIG(*)
    FROM [dbo].[notes] AS [t] WITH (HOLDLOCK)
   WHERE EXISTS (SELECT 1 FROM [staging].[notes__dponec_96ef70bc_left] AS [s] WHERE [t].[id] = [s].[id]) AND NOT (COALESCE([t].[gone], 0) <> 0);
  IF @dp_found <> 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', @dp_found, N' rows whose key is gone are not marked', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
