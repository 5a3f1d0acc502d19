-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "dwh"."orders__dponec_6c1b9b6c_rows";
CREATE UNLOGGED TABLE "dwh"."orders__dponec_6c1b9b6c_rows" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."note" AS text) AS "note",
  CAST("t"."at" AS timestamp with time zone) AS "at"
FROM "dwh"."orders" AS "t"
WITH NO DATA;
