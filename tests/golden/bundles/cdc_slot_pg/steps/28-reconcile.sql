-- step reconcile
-- purpose: prove that every staged key is in the target once, with the staged values
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: the watermark must not move on a claim
-- params: run_id, fence
DO $dponec$
DECLARE
  expected bigint;
  found bigint;
  expected_digest text;
  found_digest text;
BEGIN
  SELECT rows_staged, digest INTO expected, expected_digest FROM "dwh"."dponec_state"
 WHERE load = 'cdc_slot_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
  IF expected IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the state row does not say how many rows this run staged',
      HINT = 'the transaction was rolled back; run again';
  END IF;
  found := (
SELECT count(*) FROM "staging"."notes__dponec_37c7a663_rows"
  );
  IF found IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('staging holds %s rows now, %s were staged', found, expected),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  found := (
CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_matched', TRUE), ''), '0') AS BIGINT)
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
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("t"."id" AS TEXT) AS v0,
      CAST("t"."status" AS TEXT) AS v1,
      CAST("t"."body" AS TEXT) AS v2,
      CAST(TRIM_SCALE("t"."amount") AS TEXT) AS v3,
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
      END AS v4
    FROM "dwh"."notes" AS "t"
    WHERE
      EXISTS(
        SELECT
          1
        FROM "staging"."notes__dponec_37c7a663_rows" AS "s"
        WHERE
          "t"."id" = "s"."id"
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
FROM "staging"."notes__dponec_37c7a663_rows" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."notes" AS "t"
    WHERE
      "t"."id" = "s"."id"
  )
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s staged keys are not in the target', found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the target holds as many rows as were staged, and not the same ones',
      HINT = 'the transaction was rolled back; look for triggers that change values, and for lossy column types';
  END IF;
  found := (
SELECT
  COUNT(*)
FROM "dwh"."notes" AS "t"
WHERE
  EXISTS(
    SELECT
      1
    FROM "staging"."notes__dponec_37c7a663_left" AS "s"
    WHERE
      "t"."id" = "s"."id"
  )
  );
  IF found <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s rows that left the filter are still in the target', found),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
END
$dponec$;
