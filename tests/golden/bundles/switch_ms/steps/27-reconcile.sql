-- step reconcile
-- purpose: prove that the affected partitions hold what was staged
-- engine: mssql (target), transaction finalize
-- idempotency: pure
-- why: the watermark must not move on a claim
-- params: run_id, fence, partitions
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048), @dp_expected bigint, @dp_found bigint;
  DECLARE @dp_expected_digest varchar(80), @dp_found_digest varchar(80);
  SELECT @dp_expected = [rows_staged], @dp_expected_digest = [digest] FROM [dbo].[dponec_state]
   WHERE [load] = N'switch_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] = N'staged';
  IF @dp_expected IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the state row does not say how many rows this run staged', N'; the transaction was rolled back; run again'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*) FROM [dbo].[orders_months__dponec_03d937f4_rows];
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'staging holds ', @dp_found, N' rows now, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*)
    FROM [dbo].[orders_months] AS [t] WITH (HOLDLOCK)
   WHERE EXISTS(
  SELECT
    1
  FROM OPENJSON(@partitions) AS j
  WHERE
    [t].[day] >= CONVERT(date, j.[value], 23)
    AND [t].[day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
);
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the target holds ', @dp_found, N' rows of this run''s scope, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*) FROM [dbo].[orders_months];
  IF (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)) > CONVERT(decimal(9,6), 0.500000) * (@dp_found + (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)))
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP507: ', (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)), N' rows of the target would go and ', @dp_found, N' stay, the plan allows a share of 0.500000', N'; the transaction was rolled back; if that is right, raise limits.max_delete_ratio for this run'), N'%', N'%%');
    THROW 50507, @dp_message, 1;
  END;
  IF (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)) > 10000000
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP507: ', (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)), N' rows of the target would go, the plan allows 10000000', N'; the transaction was rolled back; if that is right, raise limits.max_delete_rows for this run'), N'%', N'%%');
    THROW 50507, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
