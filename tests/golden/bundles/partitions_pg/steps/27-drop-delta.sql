-- step drop-delta
-- purpose: drop staging (delta)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "dwh"."orders__dponec_b7e3a46a_delta";
