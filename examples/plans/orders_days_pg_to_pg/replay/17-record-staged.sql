-- step record-staged
-- purpose: note in the state row that staging is proved
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: from here on the run can be finished without the source
-- params: run_id, fence, partitions
DO $dponec$
DECLARE
  affected bigint;
  staged bigint;
  digest_text text;
BEGIN
  digest_text := nullif(current_setting('dponec.proved_rows', true), '');
  IF digest_text IS NULL THEN
    SELECT count(*), CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 1 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) || ':' || CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 9 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) INTO staged, digest_text
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
  ELSE
    SELECT count(*) INTO staged FROM "staging"."orders__dponec_655da1bd_rows";
  END IF;
  UPDATE "dwh"."dponec_state"
     SET phase = 'staged', rows_staged = staged, digest = digest_text, partitions = current_setting('dponec.partitions'), updated_at = clock_timestamp()
 WHERE load = 'orders_days_pg_to_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase IN ('open', 'staged');
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP410', MESSAGE = 'another run holds the lease of this load now, so this one may not write', HINT = 'nothing of this transaction was kept; look at dponec status and run again';
  END IF;
  PERFORM set_config('dponec.rows_staged', staged::text, true);
END
$dponec$;
SELECT current_setting('dponec.rows_staged') AS rows_staged;
