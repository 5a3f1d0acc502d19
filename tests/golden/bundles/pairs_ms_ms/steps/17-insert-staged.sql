-- step insert-staged
-- purpose: put the staged rows in
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: columns are listed, never positional
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  INSERT INTO [dbo].[pairs] ([id], [float_money], [real_money], [decimal_int], [money_bigint], [fine_datetime], [fine_small], [offset_datetime], [offset_wall], [offset_date], [wall_offset], [ticks_fine], [narrow_float], [wide_int], [money_cents], [coarse_time], [day_wall], [flag_number], [text_uuid], [char_text], [nchar_text], [float_text], [money_text], [datetime_text], [offset_text], [uuid_text], [bytes_text], [time_text], [version_number], [variant_text], [bytes_bytes])
  SELECT [s].[id], [s].[float_money], [s].[real_money], [s].[decimal_int], [s].[money_bigint], [s].[fine_datetime], [s].[fine_small], [s].[offset_datetime], [s].[offset_wall], [s].[offset_date], [s].[wall_offset], [s].[ticks_fine], [s].[narrow_float], [s].[wide_int], [s].[money_cents], [s].[coarse_time], [s].[day_wall], [s].[flag_number], [s].[text_uuid], [s].[char_text], [s].[nchar_text], [s].[float_text], [s].[money_text], [s].[datetime_text], [s].[offset_text], [s].[uuid_text], [s].[bytes_text], [s].[time_text], [s].[version_number], [s].[variant_text], [s].[bytes_bytes]
    FROM [staging].[pairs__dponec_5d29be77_rows] AS [s];
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_inserted', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
