-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: window_low, window_high
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  CAST(COALESCE(
    SUM(
      HASHTEXTEXTENDED(
        CAST((
          (
            (
              (
                COALESCE(HASHINT8EXTENDED("id", CASE WHEN "id" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHTEXTEXTENDED(CAST((
                  "status"
                ) AS TEXT) COLLATE "C", 2), 2)
              ) # (
                COALESCE(HASHTEXTEXTENDED(CAST((
                  "body"
                ) AS TEXT) COLLATE "C", 3), 3) # COALESCE(
                  HASHINT8EXTENDED(
                    HASH_NUMERIC_EXTENDED("amount", CASE WHEN "amount" < 0 THEN -1 WHEN "amount" = 'NaN' THEN 2 ELSE 1 END),
                    4
                  ),
                  4
                )
              )
            ) # (
              (
                COALESCE(TIMESTAMP_HASH_EXTENDED("at" AT TIME ZONE 'UTC', 5), 5) # COALESCE(
                  HASHTEXTEXTENDED(
                    CAST((
                      CAST(CAST(CAST((
                        CASE LOWER(CAST("op" AS TEXT)) WHEN 'i' THEN 'I' WHEN 'insert' THEN 'I' WHEN 'c' THEN 'I' WHEN 'create' THEN 'I' WHEN 'r' THEN 'I' WHEN 'read' THEN 'I' WHEN 'u' THEN 'U' WHEN 'update' THEN 'U' WHEN 'd' THEN 'D' WHEN 'delete' THEN 'D' WHEN 't' THEN 'T' WHEN 'truncate' THEN 'T' ELSE COALESCE(CAST("op" AS TEXT), '') END
                      ) AS text) AS TEXT) AS text)
                    ) AS TEXT) COLLATE "C",
                    6
                  ),
                  6
                )
              ) # (
                COALESCE(
                  HASHINT8EXTENDED(
                    CAST(CAST(CAST((
                      "seq"
                    ) AS bigint) AS TEXT) AS bigint),
                    CASE
                      WHEN CAST(CAST(CAST((
                        "seq"
                      ) AS bigint) AS TEXT) AS bigint) < 0
                      THEN -7
                      ELSE 7
                    END
                  ),
                  7
                ) # (
                  COALESCE(
                    HASHTEXTEXTENDED(
                      CAST((
                        CAST(CAST(CAST((
                          CASE WHEN ("status" <> 'draft') THEN 't' ELSE 'f' END
                        ) AS text) AS TEXT) AS text)
                      ) AS TEXT) COLLATE "C",
                      8
                    ),
                    8
                  ) # COALESCE(
                    HASHTEXTEXTENDED(
                      CAST((
                        CAST(CAST(CAST((
                          ''
                        ) AS text) AS TEXT) AS text)
                      ) AS TEXT) COLLATE "C",
                      9
                    ),
                    9
                  )
                )
              )
            )
          )
        ) AS TEXT) COLLATE "C",
        0
      )
    ),
    0
  ) AS TEXT) AS source_a,
  'h1' AS source_b
FROM "shop"."note_changes"
WHERE
  "seq" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
  AND "seq" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint);
