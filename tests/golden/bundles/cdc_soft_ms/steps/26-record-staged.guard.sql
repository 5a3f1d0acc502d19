-- step record-staged (guard: answers 1 when the step is already done)
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
  IF OBJECT_ID(N'[staging].[notes__dponec_96ef70bc_rows]', N'U') IS NULL
    SELECT N'0' AS [done];
  ELSE
    SELECT CASE WHEN EXISTS (
        SELECT 1 FROM [dbo].[dponec_state]
         WHERE [load] = N'cdc_soft_ms' AND [phase] = N'staged' AND [run_id] = @run_id
           AND [rows_staged] = (SELECT COUNT_BIG(*) FROM [staging].[notes__dponec_96ef70bc_rows])) THEN N'1' ELSE N'0' END AS [done];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
