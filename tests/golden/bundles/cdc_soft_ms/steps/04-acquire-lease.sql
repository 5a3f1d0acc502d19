-- step acquire-lease
-- purpose: take the lease and a fencing token
-- engine: mssql (target)
-- idempotency: idempotent
-- why: two runs on one target would undo each other
-- params: run_id, lease_backend
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK) WHERE [load] = N'cdc_soft_ms')
    INSERT INTO [dbo].[dponec_state] ([load]) VALUES (N'cdc_soft_ms');
  DECLARE @dp_owner nvarchar(255), @dp_backend int, @dp_alive nvarchar(1);
  SELECT @dp_owner = CONCAT(N'dponec.lease:', [lease_owner]), @dp_backend = [lease_backend]
    FROM [dbo].[dponec_state] WHERE [load] = N'cdc_soft_ms';
  SET @dp_alive = CASE WHEN @dp_backend IS NULL THEN N''
                       WHEN APPLOCK_TEST(N'public', @dp_owner, N'Exclusive', N'Session') = 1 THEN N'0' ELSE N'1' END;
  DECLARE @dp_fence bigint, @dp_got int;
  UPDATE [dbo].[dponec_state]
     SET @dp_fence = [fence] = [fence] + 1, [lease_owner] = @run_id,
         [lease_until] = DATEADD(second, 60, SYSUTCDATETIME()),
         [lease_backend] = CONVERT(int, NULLIF(@lease_backend, N'')), [updated_at] = SYSUTCDATETIME()
   WHERE [load] = N'cdc_soft_ms'
     AND ([lease_owner] IS NULL OR [lease_owner] = @run_id OR [lease_until] <= SYSUTCDATETIME() OR @dp_alive = N'0');
  SET @dp_owner = CONCAT(N'dponec.lease:', @run_id);
  IF @dp_fence IS NOT NULL AND @lease_backend <> N''
  BEGIN
    EXEC @dp_got = sys.sp_getapplock @Resource = @dp_owner, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0;
    IF @dp_got < 0 THROW 51222, N'the lease of this run is held by another session of it', 1;
  END;
  SELECT CONVERT(nvarchar(20), @dp_fence) AS [fence] WHERE @dp_fence IS NOT NULL;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
