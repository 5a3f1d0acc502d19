-- step record-staged
-- purpose: note in the state row that staging is proved
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: from here on the run can be finished without the source
-- params: run_id, fence
DO $dponec1$
#variable_conflict use_column
DECLARE
  affected bigint;
  staged bigint;
  digest_text text;
  found text;
BEGIN
  found := nullif(current_setting('dponec.proved_rows', true), '');
  IF found IS NULL THEN
    SELECT count(*), CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("s"."id", CASE WHEN "s"."id" < 0 THEN -1 ELSE 1 END), 1) # (COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("s"."day") THEN "s"."day" - CAST('1970-01-01' AS DATE) WHEN "s"."day" > CAST('1970-01-01' AS DATE) THEN 2147483647 WHEN "s"."day" < CAST('1970-01-01' AS DATE) THEN -2147483648 END, 2), 2) # COALESCE(TIMESTAMP_HASH_EXTENDED("s"."at" AT TIME ZONE 'UTC', 3), 3))) # ((COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."amount", CASE WHEN "s"."amount" < 0 THEN -1 WHEN "s"."amount" = 'NaN' THEN 2 ELSE 1 END), 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."status") AS TEXT) COLLATE "C", 5), 5)) # (COALESCE(HASHTEXTEXTENDED(CAST(("s"."st'at;us $(id) `x` ""y"" ]z") AS TEXT) COLLATE "C", 6), 6) # COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."a$dponec$\ %s", CASE WHEN "s"."a$dponec$\ %s" < 0 THEN -1 WHEN "s"."a$dponec$\ %s" = 'NaN' THEN 2 ELSE 1 END), 7), 7))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || ':h1' INTO staged, digest_text
    FROM "dwh"."orders__dponec_79167393_rows" AS "s";
  ELSE
    staged := split_part(found, ' ', 1)::bigint;
    digest_text := nullif(split_part(found, ' ', 2), '');
  END IF;
  UPDATE "dwh"."dponec_state"
     SET phase = 'staged', rows_staged = staged, digest = digest_text, updated_at = clock_timestamp()
 WHERE load = 'evolve_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase IN ('open', 'staged');
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP410', MESSAGE = 'another run holds the lease of this load now, so this one may not write', HINT = 'nothing of this transaction was kept; look at dponec status and run again';
  END IF;
  PERFORM set_config('dponec.rows_staged', staged::text, true);
END
$dponec1$;
SELECT current_setting('dponec.rows_staged') AS rows_staged;
