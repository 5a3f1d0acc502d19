-- step drop-rows
-- purpose: drop staging (rows)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "staging"."notes__dponec_37c7a663_rows";
