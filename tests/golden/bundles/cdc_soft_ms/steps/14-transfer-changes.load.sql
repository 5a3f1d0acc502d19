-- step transfer-changes (load)
-- purpose: stream the source into staging (changes)
-- engine: mssql (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-changes
-- why: one pass, constant memory, the vendors' bulk formats
-- params: watermark, window_low, window_high, run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_taken bigint;
  INSERT INTO [staging].[notes__dponec_96ef70bc_changes] WITH (TABLOCK) ([id], [status], [body], [amount], [at], [__dponec_op], [__dponec_order], [__dponec_kept], [__dponec_unchanged], [__dponec_old_0])
  SELECT CONVERT(bigint, [r].[c0]),
         [r].[c1],
         [r].[c2],
         CONVERT(decimal(18,2), [r].[c3]),
         CONVERT(datetimeoffset(6), [r].[c4]),
         [r].[c5],
         CONVERT(bigint, [r].[c6]),
         [r].[c7],
         [r].[c8],
         CONVERT(bigint, [r].[c9])
    FROM OPENJSON(@rows) WITH (
         [c0] nvarchar(max) 'strict $[0]',
         [c1] nvarchar(max) 'strict $[1]',
         [c2] nvarchar(max) 'strict $[2]',
         [c3] nvarchar(max) 'strict $[3]',
         [c4] nvarchar(max) 'strict $[4]',
         [c5] nvarchar(max) 'strict $[5]',
         [c6] nvarchar(max) 'strict $[6]',
         [c7] nvarchar(max) 'strict $[7]',
         [c8] nvarchar(max) 'strict $[8]',
         [c9] nvarchar(max) 'strict $[9]') AS [r];
  SET @dp_taken = ROWCOUNT_BIG();
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;

  SELECT CONVERT(nvarchar(20), @dp_taken) AS [rows];
