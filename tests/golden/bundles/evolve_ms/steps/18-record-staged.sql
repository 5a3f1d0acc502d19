-- step record-staged
-- purpose: note in the state row that staging is proved
-- engine: mssql (target), transaction prove
-- idempotency: transactional
-- why: from here on the run can be finished without the source
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_staged bigint, @dp_digest varchar(80);
  SELECT @dp_staged = COUNT_BIG(*) FROM [dbo].[orders__dponec_d29683a0_rows];
  UPDATE [dbo].[dponec_state]
     SET [phase] = N'staged', [rows_staged] = @dp_staged, [digest] = @dp_digest, [updated_at] = SYSUTCDATETIME()
   WHERE [load] = N'evolve_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] IN (N'open', N'staged');
  IF ROWCOUNT_BIG() <> 1
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write; nothing was kept', 1;
  SELECT CONVERT(nvarchar(20), @dp_staged) AS [rows_staged];
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
