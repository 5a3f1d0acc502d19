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
                COALESCE(HASHINT8EXTENDED("order_id", CASE WHEN "order_id" < 0 THEN -1 ELSE 1 END), 1) # (
                  COALESCE(HASHTEXTEXTENDED(CAST((
                    "customer"
                  ) AS TEXT) COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED(CAST((
                    "status"
                  ) AS TEXT) COLLATE "C", 3), 3)
                )
              ) # (
                COALESCE(
                  HASHINT8EXTENDED(
                    HASH_NUMERIC_EXTENDED("amount", CASE WHEN "amount" < 0 THEN -1 WHEN "amount" = 'NaN' THEN 2 ELSE 1 END),
                    4
                  ),
                  4
                ) # (
                  COALESCE(
                    HASHINT8EXTENDED(
                      HASH_NUMERIC_EXTENDED("big", CASE WHEN "big" < 0 THEN -1 WHEN "big" = 'NaN' THEN 2 ELSE 1 END),
                      5
                    ),
                    5
                  ) # COALESCE(HASHTEXTEXTENDED(CAST((
                    "ratio"
                  ) AS TEXT) COLLATE "C", 6), 6)
                )
              )
            ) # (
              (
                COALESCE(
                  HASHINT4EXTENDED(
                    CASE
                      WHEN ISFINITE("business_date")
                      THEN "business_date" - CAST('1970-01-01' AS DATE)
                      WHEN "business_date" > CAST('1970-01-01' AS DATE)
                      THEN 2147483647
                      WHEN "business_date" < CAST('1970-01-01' AS DATE)
                      THEN -2147483648
                    END,
                    7
                  ),
                  7
                ) # (
                  COALESCE(TIMESTAMP_HASH_EXTENDED("created_at" AT TIME ZONE 'UTC', 8), 8) # COALESCE(TIMESTAMP_HASH_EXTENDED("updated_at" AT TIME ZONE 'UTC', 9), 9)
                )
              ) # (
                (
                  COALESCE(HASHTEXTEXTENDED(CAST((
                    "note"
                  ) AS TEXT) COLLATE "C", 10), 10) # COALESCE(HASHTEXTEXTENDED(CAST((
                    "payload"
                  ) AS TEXT) COLLATE "C", 11), 11)
                ) # (
                  COALESCE(HASHINT4EXTENDED(CAST((
                    "is_gift"
                  ) AS INT), 12), 12) # COALESCE(UUID_HASH_EXTENDED("uid", 13), 13)
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
FROM "public"."orders"
WHERE
  (
    "status" <> 'draft'
  )
  AND (
    "business_date" >= CAST(CURRENT_SETTING('dponec.window_low') AS date)
    AND "business_date" < CAST(CURRENT_SETTING('dponec.window_high') AS date)
  );
