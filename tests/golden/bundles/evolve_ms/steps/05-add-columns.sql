-- step add-columns
-- purpose: add the columns that the target lacks
-- engine: mssql (target)
-- idempotency: idempotent
-- why: schema_evolution: additive; staging and what is made beside the target take their form from it, and a lock that is waited for here holds no row of the load
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  DECLARE @dp_lock int;
  EXEC @dp_lock = sys.sp_getapplock @Resource = N'dponec:dbo.orders', @LockMode = N'Exclusive', @LockOwner = N'Transaction',
       @LockTimeout = 30000;
  IF @dp_lock = -3 THROW 51205, N'chosen as the victim of a deadlock while waiting for the lock of the target', 1;
  IF @dp_lock < 0 THROW 51222, N'another load into the same target did not finish within the lock timeout', 1;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'evolve_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE [object_id] = OBJECT_ID(N'[dbo].[orders]', N'U') AND [name] = N'st''at;us $(id) `x` "y" ]z')
    ALTER TABLE [dbo].[orders] ADD [st'at;us $(id) `x` "y" ]]z] nvarchar(max) NULL;
  IF NOT EXISTS (SELECT 1 FROM sys.columns WHERE [object_id] = OBJECT_ID(N'[dbo].[orders]', N'U') AND [name] = N'a$dponec$\ %s')
    ALTER TABLE [dbo].[orders] ADD [a$dponec$\ %s] decimal(18,2) NULL;
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'evolve_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
