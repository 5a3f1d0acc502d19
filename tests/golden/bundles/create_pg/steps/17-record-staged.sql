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
    SELECT count(*), CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("s"."id; --", CASE WHEN "s"."id; --" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."k`ey") AS TEXT) COLLATE "C", 2), 2)) # (COALESCE(HASHTEXTEXTENDED(CAST(("s"."st'at;us") AS TEXT) COLLATE "C", 3), 3) # (COALESCE(TIMESTAMP_HASH_EXTENDED("s"."up'dated""at" AT TIME ZONE 'UTC', 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("s"."tab	\ $(id)") AS TEXT) COLLATE "C", 5), 5))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || ':h1' INTO staged, digest_text
    FROM "d'w;h"."ne""w `$(id)` $dponec$__dponec_e686d967_rows" AS "s";
  ELSE
    staged := split_part(found, ' ', 1)::bigint;
    digest_text := nullif(split_part(found, ' ', 2), '');
  END IF;
  UPDATE "d'w;h"."dponec_state"
     SET phase = 'staged', rows_staged = staged, digest = digest_text, updated_at = clock_timestamp()
 WHERE load = 'create_pg' AND fence = current_setting('dponec.fence')::bigint
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
