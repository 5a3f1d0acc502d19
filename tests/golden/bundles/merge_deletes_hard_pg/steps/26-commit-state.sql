-- step commit-state
-- purpose: move the watermark and mark the run committed
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: state and data agree, or neither moved
-- params: run_id, fence, window_low, window_high
DO $dponec$
DECLARE
  affected bigint;
BEGIN
  UPDATE "dwh"."dponec_state"
     SET phase = 'committed', committed_run_id = run_id, rows_applied = rows_staged,
         watermark = CASE
           WHEN watermark = '' AND current_setting('dponec.window_low')::timestamp with time zone = '-infinity'::timestamp with time zone
             THEN current_setting('dponec.window_high')
           WHEN watermark <> '' AND current_setting('dponec.window_low')::timestamp with time zone <= nullif(watermark, '')::timestamp with time zone
                AND current_setting('dponec.window_high')::timestamp with time zone > nullif(watermark, '')::timestamp with time zone
             THEN current_setting('dponec.window_high')
           ELSE watermark END,
         target = '"dwh"."orders"', source = '"shop"."orders" by "at"',
         updated_at = clock_timestamp()
 WHERE load = 'merge_deletes_hard_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged' AND rows_staged IS NOT NULL
     AND window_high = current_setting('dponec.window_high');
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP511', MESSAGE = 'the state row is not this run''s staged attempt, so the watermark did not move', HINT = 'the data of this transaction was rolled back; run again';
  END IF;
END
$dponec$;
