-- step create-delta
-- purpose: create the empty staging table (delta)
-- engine: postgres (target), transaction stage-delta
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "dwh"."orders__dponec_b7e3a46a_delta";
CREATE TABLE "dwh"."orders__dponec_b7e3a46a_delta" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."day" AS date) AS "day"
FROM "dwh"."orders" AS "t"
WITH NO DATA;
