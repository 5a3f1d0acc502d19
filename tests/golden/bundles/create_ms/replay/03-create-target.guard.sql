-- step create-target (guard: answers 1 when the step is already done)
-- purpose: make the target where it is missing
-- engine: mssql (target)
-- idempotency: idempotent
-- why: create_target: if_missing; a table that is there is not touched, and the next step checks it like any other
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  SELECT CASE WHEN OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'U') IS NULL AND OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'V') IS NULL THEN N'0' ELSE N'1' END AS [done];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
