-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."totals__dponec_1b494d03_rows";
CREATE UNLOGGED TABLE "staging"."totals__dponec_1b494d03_rows" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."day" AS date) AS "day",
  CAST("t"."at" AS timestamp with time zone) AS "at",
  CAST("t"."total" AS numeric(20,4)) AS "total",
  CAST("t"."status" AS text) AS "status"
FROM "dwh"."totals" AS "t"
WITH NO DATA;
