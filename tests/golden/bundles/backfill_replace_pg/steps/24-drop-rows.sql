-- step drop-rows
-- purpose: drop staging (rows)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "dwh"."orders__dponec_c0c8e52f_rows";
