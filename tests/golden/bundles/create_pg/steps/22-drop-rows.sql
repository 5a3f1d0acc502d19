-- step drop-rows
-- purpose: drop staging (rows)
-- engine: postgres (target)
-- idempotency: idempotent
-- why: nothing is left behind
DROP TABLE IF EXISTS "d'w;h"."ne""w `$(id)` $dponec$__dponec_e686d967_rows";
