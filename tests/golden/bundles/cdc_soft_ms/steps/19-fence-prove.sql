-- step fence-prove
-- purpose: hold the state row with our fencing token
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: a run that lost its lease must not write
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  EXEC sys.sp_set_session_context @key = N'dponec.rows_deleted', @value = NULL;
  EXEC sys.sp_set_session_context @key = N'dponec.rows_inserted', @value = NULL;
  EXEC sys.sp_set_session_context @key = N'dponec.rows_marked', @value = NULL;
  EXEC sys.sp_set_session_context @key = N'dponec.rows_matched', @value = NULL;
  EXEC sys.sp_set_session_context @key = N'dponec.rows_updated', @value = NULL;
  EXEC sys.sp_set_session_context @key = N'dponec.proved_rows', @value = NULL;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
