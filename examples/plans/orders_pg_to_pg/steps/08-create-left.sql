-- step create-left
-- purpose: create the empty staging table (left)
-- engine: postgres (target), transaction stage-left
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."orders__dponec_f2abdfff_left";
CREATE TABLE "staging"."orders__dponec_f2abdfff_left" AS
SELECT
  CAST("t"."order_id" AS bigint) AS "order_id"
FROM "dwh"."orders" AS "t"
WITH NO DATA;
