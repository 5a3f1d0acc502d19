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
    SELECT count(*), CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST(((((COALESCE(HASHINT8EXTENDED("s"."order_id", CASE WHEN "s"."order_id" < 0 THEN -1 ELSE 1 END), 1) # (COALESCE(HASHTEXTEXTENDED(CAST(("s"."customer") AS TEXT) COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."status") AS TEXT) COLLATE "C", 3), 3))) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."amount", CASE WHEN "s"."amount" < 0 THEN -1 WHEN "s"."amount" = 'NaN' THEN 2 ELSE 1 END), 4), 4) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."big", CASE WHEN "s"."big" < 0 THEN -1 WHEN "s"."big" = 'NaN' THEN 2 ELSE 1 END), 5), 5) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."ratio") AS TEXT) COLLATE "C", 6), 6)))) # ((COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("s"."business_date") THEN "s"."business_date" - CAST('1970-01-01' AS DATE) WHEN "s"."business_date" > CAST('1970-01-01' AS DATE) THEN 2147483647 WHEN "s"."business_date" < CAST('1970-01-01' AS DATE) THEN -2147483648 END, 7), 7) # (COALESCE(TIMESTAMP_HASH_EXTENDED("s"."created_at" AT TIME ZONE 'UTC', 8), 8) # COALESCE(TIMESTAMP_HASH_EXTENDED("s"."updated_at" AT TIME ZONE 'UTC', 9), 9))) # ((COALESCE(HASHTEXTEXTENDED(CAST(("s"."note") AS TEXT) COLLATE "C", 10), 10) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."payload") AS TEXT) COLLATE "C", 11), 11)) # (COALESCE(HASHINT4EXTENDED(CAST(("s"."is_gift") AS INT), 12), 12) # COALESCE(UUID_HASH_EXTENDED("s"."uid", 13), 13)))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || ':h1' INTO staged, digest_text
    FROM "staging"."orders__dponec_49ace458_rows" AS "s";
  ELSE
    staged := split_part(found, ' ', 1)::bigint;
    digest_text := nullif(split_part(found, ' ', 2), '');
  END IF;
  UPDATE "dwh"."dponec_state"
     SET phase = 'staged', rows_staged = staged, digest = digest_text, updated_at = clock_timestamp()
 WHERE load = 'orders_backfill_pg_to_pg' AND fence = current_setting('dponec.fence')::bigint
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
