-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows, source_a, source_b
DO $dponec$
#variable_conflict use_column
DECLARE
  staged bigint;
  found text;
BEGIN
  SELECT count(*), CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST(((((COALESCE(HASHINT8EXTENDED("s"."order_id", CASE WHEN "s"."order_id" < 0 THEN -1 ELSE 1 END), 1) # (COALESCE(HASHTEXTEXTENDED(CAST(("s"."customer") AS TEXT) COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."status") AS TEXT) COLLATE "C", 3), 3))) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."amount", CASE WHEN "s"."amount" < 0 THEN -1 WHEN "s"."amount" = 'NaN' THEN 2 ELSE 1 END), 4), 4) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."big", CASE WHEN "s"."big" < 0 THEN -1 WHEN "s"."big" = 'NaN' THEN 2 ELSE 1 END), 5), 5) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."ratio") AS TEXT) COLLATE "C", 6), 6)))) # ((COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("s"."business_date") THEN "s"."business_date" - CAST('1970-01-01' AS DATE) WHEN "s"."business_date" > CAST('1970-01-01' AS DATE) THEN 2147483647 WHEN "s"."business_date" < CAST('1970-01-01' AS DATE) THEN -2147483648 END, 7), 7) # (COALESCE(TIMESTAMP_HASH_EXTENDED("s"."created_at" AT TIME ZONE 'UTC', 8), 8) # COALESCE(TIMESTAMP_HASH_EXTENDED("s"."updated_at" AT TIME ZONE 'UTC', 9), 9))) # ((COALESCE(HASHTEXTEXTENDED(CAST(("s"."note") AS TEXT) COLLATE "C", 10), 10) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."payload") AS TEXT) COLLATE "C", 11), 11)) # (COALESCE(HASHINT4EXTENDED(CAST(("s"."is_gift") AS INT), 12), 12) # COALESCE(UUID_HASH_EXTENDED("s"."uid", 13), 13)))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || ':h1' INTO staged, found
    FROM "staging"."orders__dponec_49ace458_rows" AS "s";
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
  PERFORM set_config('dponec.proved_rows', concat_ws(' ', staged, found), true);
END
$dponec$;
