-- step mark-missing
-- purpose: mark rows that the source lacks
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: once: a mark that is there stays as it is
-- params: window_high
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  UPDATE [t]
     SET [t].[deleted_at] = CONVERT(datetime2(6), CASE WHEN @window_high = N'-infinity' THEN CONVERT(datetime2(7), SWITCHOFFSET(CONVERT(datetimeoffset(7), N'0001-01-01'), '+00:00')) ELSE CONVERT(datetime2(7), SWITCHOFFSET(CONVERT(datetimeoffset(7), @window_high), '+00:00')) END)
    FROM [dbo].[orders_marked] AS [t] WITH (UPDLOCK, HOLDLOCK)
   WHERE (
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
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_marked')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_marked', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
