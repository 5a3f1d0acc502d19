-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: window_low, window_high
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  CAST(COALESCE(SUM(CAST(CAST((
    'x' || SUBSTRING(h FROM 1 FOR 8)
  ) AS BIT(32)) AS BIGINT)), 0) AS TEXT) AS source_a,
  CAST(COALESCE(SUM(CAST(CAST((
    'x' || SUBSTRING(h FROM 9 FOR 8)
  ) AS BIT(32)) AS BIGINT)), 0) AS TEXT) AS source_b
FROM (
  SELECT
    MD5(
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N') || COALESCE('V' || OCTET_LENGTH("v5") || ':' || "v5", 'N') || COALESCE('V' || OCTET_LENGTH("v6") || ':' || "v6", 'N') || COALESCE('V' || OCTET_LENGTH("v7") || ':' || "v7", 'N') || COALESCE('V' || OCTET_LENGTH("v8") || ':' || "v8", 'N') || COALESCE('V' || OCTET_LENGTH("v9") || ':' || "v9", 'N') || COALESCE('V' || OCTET_LENGTH("v10") || ':' || "v10", 'N') || COALESCE('V' || OCTET_LENGTH("v11") || ':' || "v11", 'N') || COALESCE('V' || OCTET_LENGTH("v12") || ':' || "v12", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("order_id" AS TEXT) AS v0,
      CAST("customer" AS TEXT) AS v1,
      CAST("status" AS TEXT) AS v2,
      CAST(TRIM_SCALE("amount") AS TEXT) AS v3,
      CAST(TRIM_SCALE("big") AS TEXT) AS v4,
      ENCODE(FLOAT8SEND("ratio"), 'hex') AS v5,
      CASE
        WHEN "business_date" IS NULL
        THEN NULL
        WHEN ISFINITE("business_date")
        THEN CAST((
          "business_date" - CAST('1970-01-01' AS DATE)
        ) AS TEXT)
        WHEN "business_date" > CAST('2000-01-01' AS DATE)
        THEN 'infinity'
        ELSE '-infinity'
      END AS v6,
      CASE
        WHEN "created_at" AT TIME ZONE 'UTC' IS NULL
        THEN NULL
        WHEN ISFINITE("created_at" AT TIME ZONE 'UTC')
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "created_at" AT TIME ZONE 'UTC') * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "created_at" AT TIME ZONE 'UTC' > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v7,
      CASE
        WHEN "updated_at" AT TIME ZONE 'UTC' IS NULL
        THEN NULL
        WHEN ISFINITE("updated_at" AT TIME ZONE 'UTC')
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "updated_at" AT TIME ZONE 'UTC') * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "updated_at" AT TIME ZONE 'UTC' > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v8,
      CAST("note" AS TEXT) AS v9,
      CAST("payload" AS TEXT) AS v10,
      CAST(CAST((
        "is_gift"
      ) AS INT) AS TEXT) AS v11,
      CAST("uid" AS TEXT) AS v12
    FROM "public"."orders"
    WHERE
      (
        "status" <> 'draft'
      )
      AND (
        "updated_at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
        AND "updated_at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
      )
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
