-- step check-not-empty
-- purpose: an empty extract stops the run
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: an empty source is more often a mistake than a fact (empty_slice: fail)
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  IF NOT EXISTS (SELECT 1 FROM [staging].[pairs__dponec_5d29be77_rows])
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP502: ', N'the source gave no row', N'; if that is right, say policies.empty_slice: keep or clear'), N'%', N'%%');
    THROW 50502, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
