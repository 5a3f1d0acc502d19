-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: partitions
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  '' AS source_a,
  '' AS source_b
FROM "shop"."orders"
WHERE
  (
    (
      "status" = ANY(
        ARRAY(SELECT
          CAST(v AS text)
        FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
      )
    )
    OR (
      "status" IS NULL
      AND CAST(CURRENT_SETTING('dponec.partitions') AS JSONB) @> CAST('[null]' AS JSONB)
    )
  );
