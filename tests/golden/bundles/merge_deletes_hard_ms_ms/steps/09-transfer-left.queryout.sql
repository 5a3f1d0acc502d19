-- step transfer-left (queryout)
-- purpose: stream the source into staging (left)
-- engine: mssql (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-left
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, run_id, fence
SELECT N'=' + [r].[line] AS [line]
  FROM (
SELECT REPLACE(N'[' + CONCAT(CONVERT(nvarchar(max), N''), COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(20), CONVERT(bigint, [OrderId]))), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(10), CONVERT(date, [Day]), 23)), N'json') + N'"', N'null')) + N']' COLLATE Latin1_General_100_BIN2, N'\', N'\\') AS [line]
  FROM [sales].[Orders]
 WHERE (
  CASE WHEN (
    [Status] <> N'draft'
  ) THEN 0 ELSE 1 END = 1
  OR (
    [Status] = N'deleted'
  )
)
AND (
  [Version] >= CONVERT(
    binary(8),
    CASE
      WHEN CONVERT(bigint, @window_low) < 0
      THEN 0
      ELSE CONVERT(bigint, @window_low)
    END
  )
  AND [Version] < CONVERT(
    binary(8),
    CASE
      WHEN CONVERT(bigint, @window_high) < 0
      THEN 0
      ELSE CONVERT(bigint, @window_high)
    END
  )
)) AS [r]
 UNION ALL
SELECT N'#' + [f].[source_rows] + NCHAR(31) + [f].[source_a] + NCHAR(31) + [f].[source_b]
  FROM (
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM [sales].[Orders]
 WHERE (
  CASE WHEN (
    [Status] <> N'draft'
  ) THEN 0 ELSE 1 END = 1
  OR (
    [Status] = N'deleted'
  )
)
AND (
  [Version] >= CONVERT(
    binary(8),
    CASE
      WHEN CONVERT(bigint, @window_low) < 0
      THEN 0
      ELSE CONVERT(bigint, @window_low)
    END
  )
  AND [Version] < CONVERT(
    binary(8),
    CASE
      WHEN CONVERT(bigint, @window_high) < 0
      THEN 0
      ELSE CONVERT(bigint, @window_high)
    END
  )
)) AS [f];
