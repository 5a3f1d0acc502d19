-- step acquire-lease (giveback)
-- purpose: take the lease and a fencing token
-- engine: mssql (target)
-- idempotency: idempotent
-- why: two runs on one target would undo each other
-- params: run_id, lease_backend
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  UPDATE [dbo].[dponec_state]
     SET [lease_owner] = NULL, [lease_until] = NULL, [lease_backend] = NULL, [updated_at] = SYSUTCDATETIME()
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
