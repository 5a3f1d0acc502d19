-- dponec state adopt: load shadow_full_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF @watermark = N'' AND NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK) WHERE [load] = N'shadow_full_ms')
    INSERT INTO [dbo].[dponec_state] ([load]) VALUES (N'shadow_full_ms');
  UPDATE [dbo].[dponec_state]
     SET [adopted] = 1, [phase] = N'idle', [fence] = [fence] + 1, [updated_at] = SYSUTCDATETIME(),
         [watermark] = CASE WHEN @watermark <> N'' THEN @watermark WHEN [target] <> N'"dbo"."orders"' COLLATE Latin1_General_100_BIN2 THEN N'' ELSE [watermark] END,
         [target] = N'"dbo"."orders"'
  OUTPUT inserted.[watermark] AS [watermark]
   WHERE [load] = N'shadow_full_ms' AND [phase] IN (N'idle', N'done') AND @watermark = N'';
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
