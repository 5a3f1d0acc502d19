-- step check-scope
-- purpose: every staged row lies in the scope
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a row outside would be added to rows that stay
-- params: window_low, window_high
DO $dponec$
#variable_conflict use_column
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong FROM (
SELECT
  1
FROM "dwh"."orders__dponec_c0c8e52f_rows"
WHERE
  NOT COALESCE(
    (
      "id" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
      AND "id" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
    ),
    FALSE
  )
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP514', MESSAGE = format('%s staged rows lie outside of the scope', wrong), HINT = 'nothing reached the target; the two sides read the scope differently';
  END IF;
END
$dponec$;
