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
  SELECT count(*) INTO staged FROM "dwh"."orders__dponec_37ca8c9f_rows";
  UPDATE "dwh"."dponec_state"
     SET phase = 'staged', rows_staged = staged, digest = digest_text, updated_at = clock_timestamp()
 WHERE load = 'shadow_full_pg' AND fence = current_setting('dponec.fence')::bigint
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
