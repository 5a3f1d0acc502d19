-- step drop-rows
-- purpose: drop staging (rows)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "staging"."orders__dponec_49ace458_rows";
