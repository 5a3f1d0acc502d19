-- step drop-retired
-- purpose: drop what the swap took out of the target
-- engine: mssql (target)
-- idempotency: idempotent
-- why: readers who waited have the new one; nothing is left behind
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'switch_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  DECLARE @dp_statement nvarchar(max);
  SET @dp_statement = (
    SELECT N'DROP TABLE ' + N'[dbo]' + N'.' + QUOTENAME([name]) COLLATE DATABASE_DEFAULT + N'; ' FROM sys.tables
     WHERE [schema_id] = SCHEMA_ID(N'dbo') AND LEFT([name], LEN(N'orders_months__dponec_03d937f4_p')) = N'orders_months__dponec_03d937f4_p' COLLATE DATABASE_DEFAULT
       AND SUBSTRING([name], LEN(N'orders_months__dponec_03d937f4_p') + 1, 128) LIKE N'[no][0-9]%'
       AND SUBSTRING([name], LEN(N'orders_months__dponec_03d937f4_p') + 2, 128) NOT LIKE N'%[^0-9]%'
     ORDER BY [name]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_statement IS NOT NULL EXEC sys.sp_executesql @dp_statement;
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'switch_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
