-- step check-slice
-- purpose: a slice without rows stops the run
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a range that the source has nothing of is more often a mistake than a fact (empty_slice: fail)
-- params: window_low, window_high
DO $dponec$
BEGIN
  IF NOT EXISTS (
SELECT
  1
FROM "dwh"."orders__dponec_c0c8e52f_rows"
WHERE
  "id" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
  AND "id" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP502', MESSAGE = 'the source gave no row of the slice',
      HINT = 'if that is right, say policies.empty_slice: keep';
  END IF;
END
$dponec$;
