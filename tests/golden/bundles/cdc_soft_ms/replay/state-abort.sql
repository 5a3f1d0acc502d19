-- dponec state abort: load cdc_soft_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_owner nvarchar(255), @dp_dead int;
  SELECT @dp_owner = CONCAT(N'dponec.lease:', [lease_owner]) FROM [dbo].[dponec_state]
   WHERE [load] = N'cdc_soft_ms' AND [lease_backend] IS NOT NULL;
  SET @dp_dead = CASE WHEN @dp_owner IS NULL THEN 0 ELSE APPLOCK_TEST(N'public', @dp_owner, N'Exclusive', N'Session') END;
  UPDATE [dbo].[dponec_state]
     SET [phase] = CASE WHEN [committed_run_id] IS NULL THEN N'idle' ELSE N'done' END, [fence] = [fence] + 1,
         [lease_owner] = NULL, [lease_until] = NULL, [lease_backend] = NULL, [updated_at] = SYSUTCDATETIME()
  OUTPUT inserted.[phase] AS [phase]
   WHERE [load] = N'cdc_soft_ms' AND [run_id] = @run_id AND [phase] IN (N'open', N'staged')
     AND ([lease_owner] IS NULL OR [lease_until] <= SYSUTCDATETIME() OR @dp_dead = 1);
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
