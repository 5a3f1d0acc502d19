-- step delete-moved
-- purpose: delete rows of staged keys outside of these partitions
-- engine: mssql (target), transaction finalize
-- idempotency: transactional
-- why: they moved and no window said so; their new versions are staged
-- params: partitions
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_rows bigint;
  DELETE [t]
    FROM [dbo].[orders_months] AS [t] WITH (UPDLOCK, HOLDLOCK)
   WHERE EXISTS(
  SELECT
    1
  FROM [dbo].[orders_months__dponec_03d937f4_rows] AS [s]
  WHERE
    [t].[id] = [s].[id]
)
AND CASE
  WHEN EXISTS(
    SELECT
      1
    FROM OPENJSON(@partitions) AS j
    WHERE
      [t].[day] >= CONVERT(date, j.[value], 23)
      AND [t].[day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
  )
  THEN 0
  ELSE 1
END = 1;
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + COALESCE(CONVERT(bigint, SESSION_CONTEXT(N'dponec.rows_deleted')), 0);
  EXEC sys.sp_set_session_context @key = N'dponec.rows_deleted', @value = @dp_rows;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
