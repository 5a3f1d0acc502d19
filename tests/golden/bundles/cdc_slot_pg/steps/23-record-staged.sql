-- step record-staged
-- purpose: note in the state row that staging is proved
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: from here on the run can be finished without the source
-- params: run_id, fence
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
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("id" AS TEXT) AS v0,
      CAST("status" AS TEXT) AS v1,
      CAST("body" AS TEXT) AS v2,
      CAST(TRIM_SCALE("amount") AS TEXT) AS v3,
      CASE
        WHEN "at" IS NULL
        THEN NULL
        WHEN ISFINITE("at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v4
    FROM "staging"."notes__dponec_37c7a663_rows"
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
  ELSE
    SELECT count(*) INTO staged FROM "staging"."notes__dponec_37c7a663_rows";
  END IF;
  UPDATE "dwh"."dponec_state"
     SET phase = 'staged', rows_staged = staged, digest = digest_text, updated_at = clock_timestamp()
 WHERE load = 'cdc_slot_pg' AND fence = current_setting('dponec.fence')::bigint
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
