-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_staged bigint, @dp_digest varchar(80);
  SELECT @dp_staged = COUNT_BIG(*) FROM [dbo].[orders__dponec_d29683a0_rows];
  IF @dp_staged <> CONVERT(bigint, @source_rows)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP501: ', N'the source sent ', @source_rows, N' rows, staging holds ', @dp_staged, N'; nothing reached the target; run again'), N'%', N'%%');
    THROW 50501, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
