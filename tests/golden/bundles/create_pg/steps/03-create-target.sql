-- step create-target
-- purpose: make the target where it is missing
-- engine: postgres (target)
-- idempotency: idempotent
-- why: create_target: if_missing; a table that is there is not touched, and the next step checks it like any other
DO $dponec1$
BEGIN
  PERFORM set_config('lock_timeout', '30s', true);
  IF to_regclass('"d''w;h"."ne""w `$(id)` $dponec$"') IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('dponec:d''w;h.ne"w `$(id)` $dponec$', 0));
  END IF;
  IF to_regclass('"d''w;h"."ne""w `$(id)` $dponec$"') IS NULL THEN
CREATE TABLE "d'w;h"."ne""w `$(id)` $dponec$" (
  "id; --" bigint NOT NULL,
  "k`ey" text NOT NULL,
  "st'at;us" text,
  "up'dated""at" timestamp with time zone NOT NULL,
  "tab	\ $(id)" text,
  PRIMARY KEY ("id; --", "k`ey")
);
  END IF;
END
$dponec1$;
