-- step create-left
-- purpose: create the empty staging table (left)
-- engine: postgres (target), transaction stage-left
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."orders__dponec_3eba98b9_left";
CREATE TABLE "staging"."orders__dponec_3eba98b9_left" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."day" AS date) AS "day"
FROM "dwh"."orders" AS "t"
WITH NO DATA;
