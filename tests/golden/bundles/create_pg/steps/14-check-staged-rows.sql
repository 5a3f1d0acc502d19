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
  SELECT count(*), CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("s"."id; --", CASE WHEN "s"."id; --" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."k`ey") AS TEXT) COLLATE "C", 2), 2)) # (COALESCE(HASHTEXTEXTENDED(CAST(("s"."st'at;us") AS TEXT) COLLATE "C", 3), 3) # (COALESCE(TIMESTAMP_HASH_EXTENDED("s"."up'dated""at" AT TIME ZONE 'UTC', 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."tab	\ $(id)") AS TEXT) COLLATE "C", 5), 5))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || ':h1' INTO staged, found
    FROM "d'w;h"."ne""w `$(id)` $dponec$__dponec_e686d967_rows" AS "s";
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
