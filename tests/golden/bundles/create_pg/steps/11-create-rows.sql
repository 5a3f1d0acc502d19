-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "d'w;h"."ne""w `$(id)` $dponec$__dponec_e686d967_rows";
CREATE UNLOGGED TABLE "d'w;h"."ne""w `$(id)` $dponec$__dponec_e686d967_rows" AS
SELECT
  CAST("t"."id; --" AS bigint) AS "id; --",
  CAST("t"."k`ey" AS text) AS "k`ey",
  CAST("t"."st'at;us" AS text) AS "st'at;us",
  CAST("t"."up'dated""at" AS timestamp with time zone) AS "up'dated""at",
  CAST("t"."tab	\ $(id)" AS text) AS "tab	\ $(id)"
FROM "d'w;h"."ne""w `$(id)` $dponec$" AS "t"
WITH NO DATA;
