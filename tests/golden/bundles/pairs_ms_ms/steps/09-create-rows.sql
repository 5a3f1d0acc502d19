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
  IF NOT EXISTS (SELECT 1 FROM [dbo].[dponec_state] WITH (UPDLOCK, HOLDLOCK)
   WHERE [load] = N'pairs_ms_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
  IF OBJECT_ID(N'[staging].[pairs__dponec_5d29be77_rows]', N'U') IS NOT NULL DROP TABLE [staging].[pairs__dponec_5d29be77_rows];
  SELECT TOP (0)
         CONVERT(bigint, [t].[id]) AS [id],
         CONVERT(decimal(18,2), [t].[float_money]) AS [float_money],
         CONVERT(money, [t].[real_money]) AS [real_money],
         CONVERT(int, [t].[decimal_int]) AS [decimal_int],
         CONVERT(bigint, [t].[money_bigint]) AS [money_bigint],
         CONVERT(datetime, [t].[fine_datetime]) AS [fine_datetime],
         CONVERT(smalldatetime, [t].[fine_small]) AS [fine_small],
         CONVERT(datetime, [t].[offset_datetime]) AS [offset_datetime],
         CONVERT(datetime2(3), [t].[offset_wall]) AS [offset_wall],
         CONVERT(date, [t].[offset_date]) AS [offset_date],
         CONVERT(datetimeoffset(7), [t].[wall_offset]) AS [wall_offset],
         CONVERT(datetime2(7), [t].[ticks_fine]) AS [ticks_fine],
         CONVERT(real, [t].[narrow_float]) AS [narrow_float],
         CONVERT(int, [t].[wide_int]) AS [wide_int],
         CONVERT(decimal(19,2), [t].[money_cents]) AS [money_cents],
         CONVERT(time(3), [t].[coarse_time]) AS [coarse_time],
         CONVERT(datetime2(0), [t].[day_wall]) AS [day_wall],
         CONVERT(int, [t].[flag_number]) AS [flag_number],
         CONVERT(uniqueidentifier, [t].[text_uuid]) AS [text_uuid],
         CONVERT(varchar(10), [t].[char_text]) AS [char_text],
         CONVERT(nvarchar(10), [t].[nchar_text]) AS [nchar_text],
         CONVERT(nvarchar(40), [t].[float_text]) AS [float_text],
         CONVERT(nvarchar(40), [t].[money_text]) AS [money_text],
         CONVERT(nvarchar(40), [t].[datetime_text]) AS [datetime_text],
         CONVERT(nvarchar(40), [t].[offset_text]) AS [offset_text],
         CONVERT(nvarchar(36), [t].[uuid_text]) AS [uuid_text],
         CONVERT(nvarchar(40), [t].[bytes_text]) AS [bytes_text],
         CONVERT(nvarchar(40), [t].[time_text]) AS [time_text],
         CONVERT(bigint, [t].[version_number]) AS [version_number],
         CONVERT(nvarchar(max), [t].[variant_text]) AS [variant_text],
         CONVERT(varbinary(max), [t].[bytes_bytes]) AS [bytes_bytes]
    INTO [staging].[pairs__dponec_5d29be77_rows]
    FROM [dbo].[pairs] AS [t];
  UPDATE [dbo].[dponec_state] SET [lease_until] = DATEADD(second, 60, SYSUTCDATETIME())
   WHERE [load] = N'pairs_ms_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id;
  COMMIT TRANSACTION;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
