-- step create-delta
-- purpose: create the empty staging table (delta)
-- engine: postgres (target), transaction stage-delta
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "dwh"."orders_months__dponec_10542f54_delta";
CREATE TABLE "dwh"."orders_months__dponec_10542f54_delta" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."day" AS date) AS "day"
FROM "dwh"."orders_months" AS "t"
WITH NO DATA;
