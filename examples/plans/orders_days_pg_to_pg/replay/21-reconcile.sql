-- step reconcile
-- purpose: prove that the named partitions hold what was staged
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: a replay must not end on a claim
-- params: run_id, fence, partitions
DO $dponec$
DECLARE
  expected bigint;
  found bigint;
  expected_digest text;
  found_digest text;
BEGIN
  SELECT rows_staged, digest INTO expected, expected_digest FROM "dwh"."dponec_state"
 WHERE load = 'orders_days_pg_to_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
  IF expected IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the state row does not say how many rows this run staged',
      HINT = 'the transaction was rolled back; run again';
  END IF;
  found := (
SELECT count(*) FROM "staging"."orders__dponec_655da1bd_rows"
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('staging holds %s rows now, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  found := (
CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT)
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s rows were applied, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  SELECT count(*), CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 1 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) || ':' || CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 9 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) INTO found, found_digest
    FROM (
  SELECT
    MD5(
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N') || COALESCE('V' || OCTET_LENGTH("v5") || ':' || "v5", 'N') || COALESCE('V' || OCTET_LENGTH("v6") || ':' || "v6", 'N') || COALESCE('V' || OCTET_LENGTH("v7") || ':' || "v7", 'N') || COALESCE('V' || OCTET_LENGTH("v8") || ':' || "v8", 'N') || COALESCE('V' || OCTET_LENGTH("v9") || ':' || "v9", 'N') || COALESCE('V' || OCTET_LENGTH("v10") || ':' || "v10", 'N') || COALESCE('V' || OCTET_LENGTH("v11") || ':' || "v11", 'N') || COALESCE('V' || OCTET_LENGTH("v12") || ':' || "v12", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("t"."order_id" AS TEXT) AS v0,
      CAST("t"."customer" AS TEXT) AS v1,
      CAST("t"."status" AS TEXT) AS v2,
      CAST(TRIM_SCALE("t"."amount") AS TEXT) AS v3,
      CAST(TRIM_SCALE("t"."big") AS TEXT) AS v4,
      ENCODE(FLOAT8SEND("t"."ratio"), 'hex') AS v5,
      CASE
        WHEN "t"."business_date" IS NULL
        THEN NULL
        WHEN ISFINITE("t"."business_date")
        THEN CAST((
          "t"."business_date" - CAST('1970-01-01' AS DATE)
        ) AS TEXT)
        WHEN "t"."business_date" > CAST('2000-01-01' AS DATE)
        THEN 'infinity'
        ELSE '-infinity'
      END AS v6,
      CASE
        WHEN "t"."created_at" IS NULL
        THEN NULL
        WHEN ISFINITE("t"."created_at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "t"."created_at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "t"."created_at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v7,
      CASE
        WHEN "t"."updated_at" IS NULL
        THEN NULL
        WHEN ISFINITE("t"."updated_at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "t"."updated_at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "t"."updated_at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v8,
      CAST("t"."note" AS TEXT) AS v9,
      CAST("t"."payload" AS TEXT) AS v10,
      CASE WHEN "t"."is_gift" IS NULL THEN NULL WHEN "t"."is_gift" THEN '1' ELSE '0' END AS v11,
      CAST("t"."uid" AS TEXT) AS v12
    FROM "dwh"."orders" AS "t"
    WHERE
      "t"."business_date" = ANY(
        ARRAY(SELECT
          CAST(v AS date)
        FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
      )
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the target holds %s rows of this run''s scope, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  IF expected_digest IS NULL OR found_digest IS DISTINCT FROM expected_digest THEN
  found := (
SELECT
  COUNT(*)
FROM "staging"."orders__dponec_655da1bd_rows" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders" AS "t"
    WHERE
      "t"."order_id" = "s"."order_id"
  )
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s staged keys are not in the target', found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  found := (
SELECT
  COUNT(*)
FROM "dwh"."orders" AS "t"
WHERE
  "t"."business_date" = ANY(
    ARRAY(SELECT
      CAST(v AS date)
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "staging"."orders__dponec_655da1bd_rows" AS "s"
    WHERE
      "t"."order_id" = "s"."order_id"
  )
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s keys of the target were not staged', found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the target holds as many rows as were staged, and not the same ones',
      HINT = 'the transaction was rolled back; look for triggers that change values, and for lossy column types';
  END IF;
END
$dponec$;
