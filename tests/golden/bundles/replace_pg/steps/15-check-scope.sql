-- step check-scope
-- purpose: every staged row lies in the scope
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a row outside would be added to rows that stay
DO $dponec$
#variable_conflict use_column
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong FROM (
SELECT
  1
FROM "dwh"."orders__dponec_536a095d_rows"
WHERE
  NOT COALESCE(
    (
      "day" >= CAST('2026-01-01' AS date) AND "day" < CAST('2026-02-01' AS date)
    ),
    FALSE
  )
  ) AS violations;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP514', MESSAGE = format('%s staged rows lie outside of the scope', wrong), HINT = 'nothing reached the target; the two sides read the scope differently';
  END IF;
END
$dponec$;
