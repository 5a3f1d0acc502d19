-- dponec state set: load cdc_soft_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  UPDATE [dbo].[dponec_state]
     SET [watermark] = @watermark, [fence] = [fence] + 1, [updated_at] = SYSUTCDATETIME()
  OUTPUT inserted.[watermark] AS [watermark]
   WHERE [load] = N'cdc_soft_ms' AND [phase] IN (N'idle', N'done') AND (@watermark = N'' OR (@watermark LIKE N'[-0-9]%' AND TRY_CONVERT(bigint, @watermark) IS NOT NULL));
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
