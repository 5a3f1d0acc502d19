-- step record-staged (guard: answers 1 when the step is already done)
-- purpose: note in the state row that staging is proved
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: from here on the run can be finished without the source
-- params: run_id, fence
DO $dponec$
BEGIN
  IF to_regclass('"dwh"."orders__dponec_79167393_rows"') IS NULL THEN
    PERFORM set_config('dponec.done', '0', true);
  ELSE
    PERFORM set_config('dponec.done', CASE WHEN EXISTS (
        SELECT FROM "dwh"."dponec_state"
         WHERE load = 'evolve_pg' AND phase = 'staged' AND run_id = current_setting('dponec.run_id')
           AND rows_staged = (SELECT count(*) FROM "dwh"."orders__dponec_79167393_rows")) THEN '1' ELSE '0' END, true);
  END IF;
END
$dponec$;
SELECT current_setting('dponec.done') AS done;
