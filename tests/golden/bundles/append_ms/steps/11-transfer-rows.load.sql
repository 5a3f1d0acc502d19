-- step transfer-rows (load)
-- purpose: stream the source into staging (rows)
-- engine: mssql (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
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
   WHERE [load] = N'append_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_taken bigint;
  DECLARE @dp_message nvarchar(2048), @dp_column sysname;
  SELECT TOP (1) @dp_column = c.[name]
    FROM sys.columns AS c
   WHERE c.[object_id] = OBJECT_ID(N'[dbo].[events__dponec_b58e8ec5_rows]', N'U') AND c.[name] IN (N'kind')
     AND COALESCE(CONVERT(int, COLLATIONPROPERTY(c.[collation_name], N'CodePage')), -1) <> COALESCE(CONVERT(int,
         COLLATIONPROPERTY(CONVERT(nvarchar(128), DATABASEPROPERTYEX(DB_NAME(), N'Collation')), N'CodePage')), -2)
   ORDER BY c.[column_id];
  IF @dp_column IS NULL AND EXISTS (SELECT 1 FROM OPENJSON(@rows) WITH (
         [c0] nvarchar(max) 'strict $[0]',
         [c1] nvarchar(max) 'strict $[1]',
         [c2] nvarchar(max) 'strict $[2]') AS [r]
     WHERE CONVERT(varbinary(max), CONVERT(nvarchar(max), CONVERT(varchar(max), [r].[c1]))) <> CONVERT(varbinary(max), [r].[c1]))
    THROW 50509, N'DP509: a text has characters that the code page of its column does not have; use nvarchar, or convert it', 1;
  INSERT INTO [dbo].[events__dponec_b58e8ec5_rows] WITH (TABLOCK) ([id], [kind], [at])
  SELECT CONVERT(bigint, [r].[c0]),
         [r].[c1],
         CONVERT(datetime2(7), [r].[c2], 121)
    FROM OPENJSON(@rows) WITH (
         [c0] nvarchar(max) 'strict $[0]',
         [c1] nvarchar(max) 'strict $[1]',
         [c2] nvarchar(max) 'strict $[2]') AS [r];
  SET @dp_taken = ROWCOUNT_BIG();
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'append_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;

  SELECT CONVERT(nvarchar(20), @dp_taken) AS [rows];
