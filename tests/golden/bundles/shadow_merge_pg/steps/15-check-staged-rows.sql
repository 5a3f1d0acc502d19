-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows
DO $dponec$
DECLARE
  staged bigint;
  found text;
BEGIN
  SELECT count(*) INTO staged FROM "dwh"."orders__dponec_d13846b5_rows";
  IF staged <> current_setting('dponec.source_rows')::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP501',
      MESSAGE = format('the source sent %s rows, staging holds %s', current_setting('dponec.source_rows'), staged),
      HINT = 'nothing reached the target; run again';
  END IF;
END
$dponec$;
