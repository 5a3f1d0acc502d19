-- step drop-left
-- purpose: drop staging (left)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "dwh"."orders__dponec_d13846b5_left";
