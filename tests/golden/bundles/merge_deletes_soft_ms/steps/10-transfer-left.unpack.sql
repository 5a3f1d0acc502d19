-- step transfer-left (unpack)
-- purpose: stream the source into staging (left)
-- engine: mssql (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-left
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'merge_deletes_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_taken bigint;
  INSERT INTO [dbo].[orders_marked__dponec_6df3beef_left] WITH (TABLOCK) ([id], [day])
  SELECT CONVERT(bigint, [r].[c0]),
         CONVERT(date, [r].[c1], 23)
    FROM [dbo].[orders_marked__dponec_6df3beef_left_lines] AS [l] CROSS APPLY OPENJSON(N'[' + [l].[line] + N']') WITH (
         [c0] nvarchar(max) 'strict $[0]',
         [c1] nvarchar(max) 'strict $[1]') AS [r];
  SET @dp_taken = ROWCOUNT_BIG();
  DROP TABLE [dbo].[orders_marked__dponec_6df3beef_left_lines];
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'merge_deletes_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;

  SELECT CONVERT(nvarchar(20), @dp_taken) AS [rows];
