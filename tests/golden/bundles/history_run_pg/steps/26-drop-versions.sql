-- step drop-versions
-- purpose: drop staging (versions)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "dwh"."order_history__dponec_38349d5e_versions";
