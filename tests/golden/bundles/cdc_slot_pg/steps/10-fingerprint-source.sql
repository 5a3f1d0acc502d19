-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: watermark, window_low, window_high
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
                ) AS TEXT) COLLATE "C", 3), 3) # (
                  COALESCE(
                    HASHINT8EXTENDED(
                      HASH_NUMERIC_EXTENDED("amount", CASE WHEN "amount" < 0 THEN -1 WHEN "amount" = 'NaN' THEN 2 ELSE 1 END),
                      4
                    ),
                    4
                  ) # COALESCE(TIMESTAMP_HASH_EXTENDED("at" AT TIME ZONE 'UTC', 5), 5)
                )
              )
            ) # (
              (
                COALESCE(
                  HASHTEXTEXTENDED(
                    CAST((
                      CAST(CAST(CAST((
                        "__dponec_op"
                      ) AS text) AS TEXT) AS text)
                    ) AS TEXT) COLLATE "C",
                    6
                  ),
                  6
                ) # COALESCE(
                  HASHINT8EXTENDED(
                    CAST(CAST(CAST((
                      "__dponec_order"
                    ) AS bigint) AS TEXT) AS bigint),
                    CASE
                      WHEN CAST(CAST(CAST((
                        "__dponec_order"
                      ) AS bigint) AS TEXT) AS bigint) < 0
                      THEN -7
                      ELSE 7
                    END
                  ),
                  7
                )
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
                ) # (
                  COALESCE(
                    HASHTEXTEXTENDED(
                      CAST((
                        CAST(CAST(CAST((
                          "__dponec_unchanged"
                        ) AS text) AS TEXT) AS text)
                      ) AS TEXT) COLLATE "C",
                      9
                    ),
                    9
                  ) # COALESCE(
                    HASHINT8EXTENDED("__dponec_old_0", CASE WHEN "__dponec_old_0" < 0 THEN -10 ELSE 10 END),
                    10
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
FROM (
  SELECT
    "__dponec_order",
    "__dponec_lsn",
    "__dponec_op",
    "__dponec_unchanged",
    "__dponec_old_0",
    "id",
    "status",
    "body",
    "amount",
    "at"
  FROM "pg_temp"."__dponec_changes"
  WHERE
    "__dponec_lsn" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
    AND "__dponec_lsn" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
  UNION ALL
  SELECT
    -1,
    -1,
    'R',
    '',
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
  WHERE
    CURRENT_SETTING('dponec.watermark') = ''
  UNION ALL
  SELECT
    0,
    0,
    'I',
    '',
    NULL,
    "id",
    "status",
    "body",
    "amount",
    "at"
  FROM "shop"."notes"
  WHERE
    CURRENT_SETTING('dponec.watermark') = '' AND (
      "status" <> 'draft'
    )
) AS f;
