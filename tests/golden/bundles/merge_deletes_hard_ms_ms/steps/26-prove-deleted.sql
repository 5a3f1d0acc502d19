-- step prove-deleted
-- purpose: prove that no row is left whose key the source has deleted
-- engine: mssql (target), transaction finalize
-- idempotency: pure
-- why: what was missed would stay for ever
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_wrong bigint;
  SELECT @dp_wrong = COUNT_BIG(*) FROM [dbo].[orders] AS [t] WITH (HOLDLOCK) WHERE EXISTS(
  SELECT
    1
  FROM [staging].[orders__dponec_dbb22997_left] AS [s]
  WHERE
    [t].[id] = [s].[id] AND [t].[day] = [s].[day]
);
  IF @dp_wrong <> 0
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP510: ', @dp_wrong, N' rows of the target have a key that the source has deleted', N'; the transaction was rolled back; look for triggers on the target, and for security policies'), N'%', N'%%');
    THROW 50510, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
