-- step drop-rows
-- purpose: drop staging (rows)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "dwh"."orders__dponec_79167393_rows";
