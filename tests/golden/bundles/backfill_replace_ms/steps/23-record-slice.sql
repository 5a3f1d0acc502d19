-- step record-slice
-- purpose: record the slice as loaded
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: the same backfill never loads it again
-- params: run_id, window_low, window_high
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  INSERT INTO [dbo].[dponec_slices] ([load], [backfill], [window_low], [window_high], [run_id])
  VALUES (N'backfill_replace_ms', N'replace by id: "shop"."orders" into "dbo"."orders"', @window_low, @window_high, @run_id);
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
