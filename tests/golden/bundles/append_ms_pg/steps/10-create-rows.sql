-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "dwh"."events__dponec_151a1a97_rows";
CREATE UNLOGGED TABLE "dwh"."events__dponec_151a1a97_rows" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."kind" AS text) AS "kind",
  CAST("t"."at" AS timestamp with time zone) AS "at"
FROM "dwh"."events" AS "t"
WITH NO DATA;
