-- step drop-rows
-- purpose: drop staging (rows)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "dwh"."events__dponec_151a1a97_rows";
