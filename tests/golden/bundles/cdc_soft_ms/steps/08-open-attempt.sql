-- step open-attempt
-- purpose: record run id and window in the state row
-- engine: mssql (target)
-- idempotency: idempotent
-- why: whoever finishes this attempt must use the same window
-- params: run_id, fence, fingerprint, window_low, window_high
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  UPDATE [dbo].[dponec_state]
     SET [attempt] = [attempt] + 1, [run_id] = @run_id, [phase] = N'open', [fingerprint] = @fingerprint,
         [window_low] = @window_low, [window_high] = @window_high, [partitions] = NULL,
         [rows_staged] = NULL, [digest] = NULL, [updated_at] = SYSUTCDATETIME()
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND NOT ([run_id] = @run_id AND [run_id] IS NOT NULL AND [phase] IN (N'committed', N'done'));
  IF ROWCOUNT_BIG() <> 1
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write; nothing was kept', 1;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
