-- step record-staged
-- purpose: note in the state row that staging is proved
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: from here on the run can be finished without the source
-- params: run_id, fence
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
  staged bigint;
  digest_text text;
  found text;
BEGIN
  found := nullif(current_setting('dponec.proved_rows', true), '');
  IF found IS NULL THEN
    SELECT count(*), CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 1 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) || ':' || CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 9 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) INTO staged, digest_text
    FROM (
  SELECT
    MD5(
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("s"."id" AS TEXT) AS v0,
      CAST("s"."kind" AS TEXT) AS v1,
      CASE
        WHEN "s"."at" IS NULL
        THEN NULL
        WHEN ISFINITE("s"."at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "s"."at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "s"."at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v2
    FROM "dwh"."events__dponec_151a1a97_rows" AS "s"
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
  ELSE
    staged := split_part(found, ' ', 1)::bigint;
    digest_text := nullif(split_part(found, ' ', 2), '');
  END IF;
  UPDATE "dwh"."dponec_state"
     SET phase = 'staged', rows_staged = staged, digest = digest_text, updated_at = clock_timestamp()
 WHERE load = 'append_ms_pg' AND fence = current_setting('dponec.fence')::bigint
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
