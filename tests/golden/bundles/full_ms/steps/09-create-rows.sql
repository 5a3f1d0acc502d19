-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: mssql (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: rows are proved in staging before the target is touched
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM [wide].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  IF OBJECT_ID(N'[staging].[every_type__dponec_7e370e51_rows]', N'U') IS NOT NULL DROP TABLE [staging].[every_type__dponec_7e370e51_rows];
  SELECT TOP (0)
         CONVERT(int, [t].[id]) AS [id],
         CONVERT(bit, [t].[c_bit]) AS [c_bit],
         CONVERT(tinyint, [t].[c_tiny]) AS [c_tiny],
         CONVERT(smallint, [t].[c_small]) AS [c_small],
         CONVERT(decimal(38,10), [t].[c_dec]) AS [c_dec],
         CONVERT(money, [t].[c_money]) AS [c_money],
         CONVERT(real, [t].[c_real]) AS [c_real],
         CONVERT(float, [t].[c_float]) AS [c_float],
         CONVERT(char(10), [t].[c_char]) AS [c_char],
         CONVERT(varchar(max), [t].[c_varchar]) AS [c_varchar],
         CONVERT(nchar(10), [t].[c_nchar]) AS [c_nchar],
         CONVERT(nvarchar(max), [t].[c_text]) AS [c_text],
         CONVERT(varbinary(max), [t].[c_bin]) AS [c_bin],
         CONVERT(date, [t].[c_date]) AS [c_date],
         CONVERT(time(7), [t].[c_time]) AS [c_time],
         CONVERT(datetime, [t].[c_datetime]) AS [c_datetime],
         CONVERT(smalldatetime, [t].[c_small_dt]) AS [c_small_dt],
         CONVERT(datetime2(7), [t].[c_dt2]) AS [c_dt2],
         CONVERT(datetimeoffset(3), [t].[c_dto]) AS [c_dto],
         CONVERT(uniqueidentifier, [t].[c_uuid]) AS [c_uuid],
         CONVERT(nvarchar(max), [t].[c_json]) AS [c_json]
    INTO [staging].[every_type__dponec_7e370e51_rows]
    FROM [wide].[every_type] AS [t];
  UPDATE [wide].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'full_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
