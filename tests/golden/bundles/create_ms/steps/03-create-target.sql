-- step create-target
-- purpose: make the target where it is missing
-- engine: mssql (target)
-- idempotency: idempotent
-- why: create_target: if_missing; a table that is there is not touched, and the next step checks it like any other
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'U') IS NULL AND OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'V') IS NULL
  BEGIN
  DECLARE @dp_lock int;
  EXEC @dp_lock = sys.sp_getapplock @Resource = N'dponec:m''a]de.ne]w `$(id)` --', @LockMode = N'Exclusive', @LockOwner = N'Transaction',
       @LockTimeout = 30000;
  IF @dp_lock = -3 THROW 51205, N'chosen as the victim of a deadlock while waiting for the lock of the target', 1;
  IF @dp_lock < 0 THROW 51222, N'another load into the same target did not finish within the lock timeout', 1;
    IF OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'U') IS NULL AND OBJECT_ID(N'[m''a]]de].[ne]]w `$(id)` --]', N'V') IS NULL
    BEGIN
CREATE TABLE [m'a]]de].[ne]]w `$(id)` --] (
  [id; --] bigint NOT NULL,
  [k`ey] nvarchar(441) NOT NULL,
  [st'at;us] nvarchar(max) NULL,
  [up'dated"at] datetimeoffset(6) NOT NULL,
  [tab	\ $(id)] nvarchar(max) NULL,
  PRIMARY KEY ([id; --], [k`ey])
);
      CREATE INDEX [dponec_partition] ON [m'a]]de].[ne]]w `$(id)` --] ([up'dated"at]);
    END;
  END;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
