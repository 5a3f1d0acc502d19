-- step reconcile
-- purpose: prove that the rows of the window arrived
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: the watermark must not move on a claim
-- params: run_id, fence, window_low, window_high
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
 WHERE load = 'append_ms_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
  IF expected IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the state row does not say how many rows this run staged',
      HINT = 'the transaction was rolled back; run again';
  END IF;
  found := (
SELECT count(*) FROM "dwh"."events__dponec_151a1a97_rows"
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
    SELECT FROM (SELECT '"dwh"."events"'::regclass AS oid UNION SELECT relid FROM pg_partition_tree('"dwh"."events"'::regclass)) AS f
      JOIN pg_class AS c ON c.oid = f.oid
     WHERE c.relkind NOT IN ('r', 'p') OR c.relrowsecurity
        OR EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D')
        OR EXISTS (SELECT FROM pg_rewrite AS r WHERE r.ev_class = c.oid)
        OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhparent = c.oid)
        OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.confrelid = c.oid AND k.contype = 'f' AND k.confdeltype IN ('c', 'n', 'd')));
  found := (
SELECT
  COUNT(*)
FROM "dwh"."events" AS "t"
WHERE
  "t"."id" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
  AND "t"."id" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the target holds %s rows of this run''s scope, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  IF others THEN
  SELECT count(*), CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 1 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) || ':' || CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 9 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) INTO found, found_digest
    FROM (
  SELECT
    MD5(
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("t"."id" AS TEXT) AS v0,
      CAST("t"."kind" AS TEXT) AS v1,
      CASE
        WHEN "t"."at" IS NULL
        THEN NULL
        WHEN ISFINITE("t"."at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "t"."at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "t"."at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v2
    FROM "dwh"."events" AS "t"
    WHERE
      "t"."id" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
      AND "t"."id" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the target holds %s rows of this run''s scope, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  IF expected_digest IS NULL OR found_digest IS DISTINCT FROM expected_digest THEN
    found := NULL;
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the target holds as many rows as were staged, and not the same ones',
      HINT = 'the transaction was rolled back; look for triggers that change values, and for lossy column types';
  END IF;
  END IF;
END
$dponec$;
