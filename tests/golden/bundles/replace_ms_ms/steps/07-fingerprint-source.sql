-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: mssql (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM [sales].[Orders]
 WHERE [Day] >= CONVERT(date, N'2026-01-01', 23)
AND [Day] < CONVERT(date, N'2026-02-01', 23);
