-- step drop-delta
-- purpose: drop staging (delta)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "staging"."orders__dponec_655da1bd_delta";
