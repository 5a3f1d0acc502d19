-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "dwh"."orders__dponec_79167393_rows";
CREATE UNLOGGED TABLE "dwh"."orders__dponec_79167393_rows" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."day" AS date) AS "day",
  CAST("t"."at" AS timestamp with time zone) AS "at",
  CAST("t"."amount" AS numeric(18,2)) AS "amount",
  CAST("t"."status" AS text) AS "status",
  CAST("t"."st'at;us $(id) `x` ""y"" ]z" AS text) AS "st'at;us $(id) `x` ""y"" ]z",
  CAST("t"."a$dponec$\ %s" AS numeric(18,2)) AS "a$dponec$\ %s"
FROM "dwh"."orders" AS "t"
WITH NO DATA;
