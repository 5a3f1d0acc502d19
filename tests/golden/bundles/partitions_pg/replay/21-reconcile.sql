-- step reconcile
-- purpose: prove that the named partitions hold what was staged
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: a replay must not end on a claim
-- params: run_id, fence, partitions
DO $dponec$
#variable_conflict use_column
DECLARE
  expected bigint;
  found bigint;
  expected_digest text;
  found_digest text;
  others boolean := true;
BEGIN
  SELECT rows_staged, digest INTO expected, expected_digest FROM "dwh"."dponec_state"
 WHERE load = 'partitions_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
  IF expected IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the state row does not say how many rows this run staged',
      HINT = 'the transaction was rolled back; run again';
  END IF;
  found := (
SELECT count(*) FROM "dwh"."orders__dponec_b7e3a46a_rows"
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
  others := EXISTS (
    SELECT FROM (SELECT '"dwh"."orders"'::regclass AS oid UNION SELECT relid FROM pg_partition_tree('"dwh"."orders"'::regclass)) AS f
      JOIN pg_class AS c ON c.oid = f.oid
     WHERE c.relkind NOT IN ('r', 'p') OR c.relrowsecurity
        OR EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D')
        OR EXISTS (SELECT FROM pg_rewrite AS r WHERE r.ev_class = c.oid)
        OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhparent = c.oid)
        OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.confrelid = c.oid AND k.contype = 'f' AND k.confdeltype IN ('c', 'n', 'd')));
  found := (
SELECT
  COUNT(*)
FROM "dwh"."orders" AS "t"
WHERE
  "t"."day" >= (
    SELECT
      MIN(CAST(CAST(v AS TIMESTAMP) AS DATE))
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
  )
  AND "t"."day" < (
    SELECT
      MAX(CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE))
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
  )
  AND DATE_TRUNC('month', CAST("t"."day" AS TIMESTAMP)) = ANY(
    ARRAY(SELECT
      CAST(v AS TIMESTAMP)
    FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
  )
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the target holds %s rows of this run''s scope, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  IF others THEN
  SELECT count(*), CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("t"."id", CASE WHEN "t"."id" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("t"."day") THEN "t"."day" - CAST('1970-01-01' AS DATE) WHEN "t"."day" > CAST('1970-01-01' AS DATE) THEN 2147483647 WHEN "t"."day" < CAST('1970-01-01' AS DATE) THEN -2147483648 END, 2), 2)) # (COALESCE(TIMESTAMP_HASH_EXTENDED("t"."at" AT TIME ZONE 'UTC', 3), 3) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("t"."amount", CASE WHEN "t"."amount" < 0 THEN -1 WHEN "t"."amount" = 'NaN' THEN 2 ELSE 1 END), 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("t"."status") AS TEXT) COLLATE "C", 5), 5))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || ':h1' INTO found, found_digest
    FROM "dwh"."orders" AS "t"
   WHERE "t"."day" >= (
  SELECT
    MIN(CAST(CAST(v AS TIMESTAMP) AS DATE))
  FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
)
AND "t"."day" < (
  SELECT
    MAX(CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE))
  FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
)
AND DATE_TRUNC('month', CAST("t"."day" AS TIMESTAMP)) = ANY(
  ARRAY(SELECT
    CAST(v AS TIMESTAMP)
  FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
);
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the target holds %s rows of this run''s scope, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  IF expected_digest IS NULL OR found_digest IS DISTINCT FROM expected_digest THEN
  found := (
SELECT
  COUNT(*)
FROM "dwh"."orders__dponec_b7e3a46a_rows" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders" AS "t"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
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
  (
    "t"."day" >= (
      SELECT
        MIN(CAST(CAST(v AS TIMESTAMP) AS DATE))
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
    )
    AND "t"."day" < (
      SELECT
        MAX(CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE))
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
    )
    AND DATE_TRUNC('month', CAST("t"."day" AS TIMESTAMP)) = ANY(
      ARRAY(SELECT
        CAST(v AS TIMESTAMP)
      FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
    )
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders__dponec_b7e3a46a_rows" AS "s"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
  )
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s keys of the target were not staged', found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the target holds as many rows as were staged, and not the same ones',
      HINT = 'the transaction was rolled back; look for triggers that change values, and for lossy column types';
  END IF;
  END IF;
END
$dponec$;
