-- step transfer-rows (unpack)
-- purpose: stream the source into staging (rows)
-- engine: mssql (target), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [m'a]]de].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'create_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_taken bigint;
  INSERT INTO [m'a]]de].[ne]]w `$(id)` --__dponec_412d5a15_rows] WITH (TABLOCK) ([id; --], [k`ey], [st'at;us], [up'dated"at], [tab	\ $(id)])
  SELECT CONVERT(bigint, [r].[c0]),
         [r].[c1],
         [r].[c2],
         CONVERT(datetimeoffset(6), [r].[c3]),
         [r].[c4]
    FROM [m'a]]de].[ne]]w `$(id)` --__dponec_412d5a15_rows_lines] AS [l] CROSS APPLY OPENJSON(N'[' + [l].[line] + N']') WITH (
         [c0] nvarchar(max) 'strict $[0]',
         [c1] nvarchar(max) 'strict $[1]',
         [c2] nvarchar(max) 'strict $[2]',
         [c3] nvarchar(max) 'strict $[3]',
         [c4] nvarchar(max) 'strict $[4]') AS [r];
  SET @dp_taken = ROWCOUNT_BIG();
  DROP TABLE [m'a]]de].[ne]]w `$(id)` --__dponec_412d5a15_rows_lines];
  UPDATE [m'a]]de].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'create_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;

  SELECT CONVERT(nvarchar(20), @dp_taken) AS [rows];
