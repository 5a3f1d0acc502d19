-- step check-not-lost
-- purpose: refuse to make a table anew whose rows the state remembers
-- engine: postgres (target)
-- idempotency: pure
-- why: an incremental load would go on behind its watermark, and what was loaded before would be missing for ever
DO $dponec1$
BEGIN
  IF to_regclass('"d''w;h"."ne""w `$(id)` $dponec$"') IS NULL AND (EXISTS (SELECT FROM "d'w;h"."dponec_state" WHERE load = 'create_pg' AND watermark <> '')) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP435', MESSAGE = 'the target d''w;h.ne"w `$(id)` $dponec$ is gone, and the state of this load says that rows were loaded into it', HINT = 'restore it, or set the state back: dponec explain DP435';
  END IF;
END
$dponec1$;
