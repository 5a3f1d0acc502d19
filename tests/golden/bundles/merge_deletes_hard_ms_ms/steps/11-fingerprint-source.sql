-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: mssql (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: window_low, window_high
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM [sales].[Orders]
 WHERE (
  [Status] <> N'draft'
)
AND CASE WHEN (
  [Status] = N'deleted'
) THEN 0 ELSE 1 END = 1
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
);
