-- step check-deletes
-- purpose: stop when too many keys are missing
-- engine: mssql (target), transaction finalize
-- idempotency: pure
-- why: a broken extract looks like a mass deletion
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_gone bigint, @dp_living bigint;
  SELECT @dp_living = COUNT_BIG(*) FROM [dbo].[orders_marked] AS [t] WITH (TABLOCKX, HOLDLOCK) WHERE NOT (NOT [t].[deleted_at] IS NULL);
  SELECT @dp_gone = COUNT_BIG(*) FROM [dbo].[orders_marked] AS [t] WHERE (
  NOT (
    [t].[id] IS NULL OR [t].[day] IS NULL
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM [dbo].[orders_marked__dponec_5fefda5e_rows] AS [s]
    WHERE
      [t].[id] = [s].[id] AND [t].[day] = [s].[day]
  )
  AND EXISTS(
    SELECT
      1
    FROM [dbo].[orders_marked__dponec_5fefda5e_rows] AS [s]
  )
)
AND NOT (
  NOT [t].[deleted_at] IS NULL
);
  IF @dp_gone > CONVERT(decimal(9,6), 0.500000) * @dp_living
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP507: ', @dp_gone, N' of ', @dp_living, N' rows of the target would go, the plan allows a share of 0.500000', N'; nothing was changed; if that is right, raise limits.max_delete_ratio'), N'%', N'%%');
    THROW 50507, @dp_message, 1;
  END;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
