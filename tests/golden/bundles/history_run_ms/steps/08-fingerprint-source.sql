-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  '' AS source_a,
  '' AS source_b
FROM "shop"."orders";
