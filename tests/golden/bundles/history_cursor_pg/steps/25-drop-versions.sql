-- step drop-versions
-- purpose: drop staging (versions)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "dwh"."order_history__dponec_262087c2_versions";
