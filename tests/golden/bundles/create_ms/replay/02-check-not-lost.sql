-- step check-not-lost
-- purpose: refuse to make a table anew whose rows the state remembers
-- engine: mssql (target)
-- idempotency: pure
-- why: an incremental load would go on behind its watermark, and what was loaded before would be missing for ever
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  IF OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'U') IS NULL AND OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'V') IS NULL
     AND (EXISTS (SELECT 1 FROM [m'a]]de].[dponec_state] WHERE [load] = N'create_ms' AND [watermark] <> N''))
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP435: ', N'the target m''a]de.ne]w `$(id)` -- is gone, and the state of this load says that rows were loaded into it', N'; restore it, or set the state back: dponec explain DP435'), N'%', N'%%');
    THROW 50435, @dp_message, 1;
  END;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
