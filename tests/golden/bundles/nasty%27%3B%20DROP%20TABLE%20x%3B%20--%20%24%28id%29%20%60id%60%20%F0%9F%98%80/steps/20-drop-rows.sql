-- step drop-rows
-- purpose: drop staging (rows)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "d'w;h"."or""ders `$(id)`__dponec_9e8e9a6d_rows";
