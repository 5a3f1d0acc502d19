-- step drop-left
-- purpose: drop staging (left)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "staging"."notes__dponec_37c7a663_left";
