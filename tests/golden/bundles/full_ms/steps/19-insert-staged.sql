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
  INSERT INTO [wide].[every_type] ([id], [c_bit], [c_tiny], [c_small], [c_dec], [c_money], [c_real], [c_float], [c_char], [c_varchar], [c_nchar], [c_text], [c_bin], [c_date], [c_time], [c_datetime], [c_small_dt], [c_dt2], [c_dto], [c_uuid], [c_json])
  SELECT [s].[id], [s].[c_bit], [s].[c_tiny], [s].[c_small], [s].[c_dec], [s].[c_money], [s].[c_real], [s].[c_float], [s].[c_char], [s].[c_varchar], [s].[c_nchar], [s].[c_text], [s].[c_bin], [s].[c_date], [s].[c_time], [s].[c_datetime], [s].[c_small_dt], [s].[c_dt2], [s].[c_dto], [s].[c_uuid], [s].[c_json]
    FROM [staging].[every_type__dponec_7e370e51_rows] AS [s];
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_inserted')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_inserted', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
