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
            (
              COALESCE(HASHINT8EXTENDED("id", CASE WHEN "id" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(
                HASHINT4EXTENDED(
                  CASE
                    WHEN ISFINITE("day")
                    THEN "day" - CAST('1970-01-01' AS DATE)
                    WHEN "day" > CAST('1970-01-01' AS DATE)
                    THEN 2147483647
                    WHEN "day" < CAST('1970-01-01' AS DATE)
                    THEN -2147483648
                  END,
                  2
                ),
                2
              )
            ) # (
              COALESCE(TIMESTAMP_HASH_EXTENDED("at" AT TIME ZONE 'UTC', 3), 3) # (
                COALESCE(
                  HASHINT8EXTENDED(
                    HASH_NUMERIC_EXTENDED(
                      CAST("amount" AS numeric(20,4)),
                      CASE
                        WHEN CAST("amount" AS numeric(20,4)) < 0
                        THEN -1
                        WHEN CAST("amount" AS numeric(20,4)) = 'NaN'
                        THEN 2
                        ELSE 1
                      END
                    ),
                    4
                  ),
                  4
                ) # COALESCE(
                  HASHTEXTEXTENDED(
                    CAST((
                      CAST(CAST(CAST((
                        upper("status")
                      ) AS text) AS TEXT) AS text)
                    ) AS TEXT) COLLATE "C",
                    5
                  ),
                  5
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
FROM "shop"."orders"
WHERE
  (
    "status" <> 'draft' AND "amount" >= 0
  );
