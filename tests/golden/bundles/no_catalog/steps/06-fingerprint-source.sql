-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  CAST(COALESCE(
    SUM(
      HASHTEXTEXTENDED(
        CAST((
          (
            COALESCE(HASHINT8EXTENDED("id", CASE WHEN "id" < 0 THEN -1 ELSE 1 END), 1) # (
              COALESCE(HASHTEXTEXTENDED(CAST((
                "note"
              ) AS TEXT) COLLATE "C", 2), 2) # COALESCE(TIMESTAMP_HASH_EXTENDED("at" AT TIME ZONE 'UTC', 3), 3)
            )
          )
        ) AS TEXT) COLLATE "C",
        0
      )
    ),
    0
  ) AS TEXT) AS source_a,
  'h1' AS source_b
FROM "public"."orders";
