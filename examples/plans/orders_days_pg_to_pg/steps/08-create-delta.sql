-- step create-delta
-- purpose: create the empty staging table (delta)
-- engine: postgres (target), transaction stage-delta
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."orders__dponec_655da1bd_delta";
CREATE TABLE "staging"."orders__dponec_655da1bd_delta" AS
SELECT
  CAST("t"."order_id" AS bigint) AS "order_id",
  CAST("t"."business_date" AS date) AS "business_date"
FROM "dwh"."orders" AS "t"
WITH NO DATA;
