-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows, source_a, source_b
DO $dponec$
DECLARE
  staged bigint;
  found text;
BEGIN
  SELECT count(*), CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 1 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) || ':' || CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 9 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) INTO staged, found
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
        WHEN "created_at" IS NULL
        THEN NULL
        WHEN ISFINITE("created_at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "created_at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "created_at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v7,
      CASE
        WHEN "updated_at" IS NULL
        THEN NULL
        WHEN ISFINITE("updated_at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "updated_at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "updated_at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v8,
      CAST("note" AS TEXT) AS v9,
      CAST("payload" AS TEXT) AS v10,
      CASE WHEN "is_gift" IS NULL THEN NULL WHEN "is_gift" THEN '1' ELSE '0' END AS v11,
      CAST("uid" AS TEXT) AS v12
    FROM "staging"."orders__dponec_655da1bd_rows"
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
  IF staged <> current_setting('dponec.source_rows')::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP501',
      MESSAGE = format('the source sent %s rows, staging holds %s', current_setting('dponec.source_rows'), staged),
      HINT = 'nothing reached the target; run again';
  END IF;
  IF found IS DISTINCT FROM current_setting('dponec.source_a') || ':' || current_setting('dponec.source_b') THEN
    RAISE EXCEPTION USING ERRCODE = 'DP501',
      MESSAGE = 'staging holds as many rows as the source sent, and not the same ones',
      HINT = 'a value changed on its way: see types.md of this plan for the columns that may lose something';
  END IF;
  PERFORM set_config('dponec.proved_rows', found, true);
END
$dponec$;
