-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows, source_a, source_b
DO $dponec1$
#variable_conflict use_column
DECLARE
  staged bigint;
  found text;
BEGIN
  SELECT count(*), CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("s"."id", CASE WHEN "s"."id" < 0 THEN -1 ELSE 1 END), 1) # (COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("s"."day") THEN "s"."day" - CAST('1970-01-01' AS DATE) WHEN "s"."day" > CAST('1970-01-01' AS DATE) THEN 2147483647 WHEN "s"."day" < CAST('1970-01-01' AS DATE) THEN -2147483648 END, 2), 2) # COALESCE(TIMESTAMP_HASH_EXTENDED("s"."at" AT TIME ZONE 'UTC', 3), 3))) # ((COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."amount", CASE WHEN "s"."amount" < 0 THEN -1 WHEN "s"."amount" = 'NaN' THEN 2 ELSE 1 END), 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."status") AS TEXT) COLLATE "C", 5), 5)) # (COALESCE(HASHTEXTEXTENDED(CAST(("s"."st'at;us $(id) `x` ""y"" ]z") AS TEXT) COLLATE "C", 6), 6) # COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("s"."a$dponec$\ %s", CASE WHEN "s"."a$dponec$\ %s" < 0 THEN -1 WHEN "s"."a$dponec$\ %s" = 'NaN' THEN 2 ELSE 1 END), 7), 7))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || ':h1' INTO staged, found
    FROM "dwh"."orders__dponec_79167393_rows" AS "s";
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
$dponec1$;
