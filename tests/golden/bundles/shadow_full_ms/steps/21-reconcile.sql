-- step reconcile
-- purpose: prove that the target is what was built
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
   WHERE [load] = N'shadow_full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] = N'staged';
  IF @dp_expected IS NULL
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the state row does not say how many rows this run staged', N'; the transaction was rolled back; run again'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*) FROM [staging].[orders__dponec_dba76872_rows];
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'staging holds ', @dp_found, N' rows now, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*)
    FROM [dbo].[orders] AS [t] WITH (HOLDLOCK);
  IF @dp_found IS NULL OR @dp_found <> @dp_expected
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', N'the target holds ', @dp_found, N' rows of this run''s scope, ', @dp_expected, N' were staged', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  SELECT @dp_found = COUNT_BIG(*) FROM [dbo].[orders];
  IF (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)) > CONVERT(decimal(9,6), 0.500000) * (@dp_found + (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)))
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP507: ', (COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0) - COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0)), N' rows of the target would go and ', @dp_found, N' stay, the plan allows a share of 0.500000', N'; the transaction was rolled back; if that is right, raise limits.max_delete_ratio for this run'), N'%', N'%%');
    THROW 50507, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
