-- step check-not-empty
-- purpose: an empty extract stops the run
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: an empty source is more often a mistake than a fact (empty_slice: fail)
DO $dponec$
BEGIN
  IF NOT EXISTS (SELECT FROM "dwh"."orders__dponec_37ca8c9f_rows") THEN
    RAISE EXCEPTION USING ERRCODE = 'DP502', MESSAGE = 'the source gave no row',
      HINT = 'if that is right, say policies.empty_slice: keep or clear';
  END IF;
END
$dponec$;
