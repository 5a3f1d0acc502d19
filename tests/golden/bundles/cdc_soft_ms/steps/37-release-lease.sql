-- step release-lease
-- purpose: mark the run done and give the lease back
-- engine: mssql (target)
-- idempotency: idempotent
-- why: the next run need not wait
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  UPDATE [dbo].[dponec_state]
     SET [lease_owner] = NULL, [lease_until] = NULL, [lease_backend] = NULL,
         [phase] = CASE WHEN [phase] = N'committed' AND [run_id] = @run_id THEN N'done' ELSE [phase] END,
         [updated_at] = SYSUTCDATETIME()
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
