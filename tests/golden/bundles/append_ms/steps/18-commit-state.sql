-- step commit-state
-- purpose: move the watermark and mark the run committed
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: state and data agree, or neither moved
-- params: run_id, fence, window_low, window_high
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  UPDATE [dbo].[dponec_state]
     SET [phase] = N'committed', [committed_run_id] = [run_id], [rows_applied] = [rows_staged],
         [watermark] = CASE
           WHEN [watermark] = N'' AND CONVERT(bigint, @window_low) = CONVERT(bigint, N'-9223372036854775808') THEN @window_high
           WHEN [watermark] <> N'' AND CONVERT(bigint, @window_low) <= CONVERT(bigint, NULLIF([watermark], N'')) AND CONVERT(bigint, @window_high) > CONVERT(bigint, NULLIF([watermark], N'')) THEN @window_high
           ELSE [watermark] END,
         [target] = N'"dbo"."events"', [source] = N'"shop"."events" by "id"',
         [updated_at] = SYSUTCDATETIME()
   WHERE [load] = N'append_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] = N'staged' AND [rows_staged] IS NOT NULL
     AND [window_high] = @window_high;
  IF ROWCOUNT_BIG() <> 1
    THROW 50511, N'DP511: the state row is not this run''s staged attempt, so the watermark did not move; the data of this transaction was rolled back; run again', 1;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
