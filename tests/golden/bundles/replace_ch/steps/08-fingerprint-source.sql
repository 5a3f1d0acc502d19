-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  '' AS source_a,
  '' AS source_b
FROM "shop"."orders"
WHERE
  (
    "status" <> 'draft'
  )
  AND (
    "day" >= CAST('2026-01-01' AS date) AND "day" < CAST('2026-02-01' AS date)
  );
