-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."notes__dponec_37c7a663_rows";
CREATE UNLOGGED TABLE "staging"."notes__dponec_37c7a663_rows" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."status" AS character varying(20)) AS "status",
  CAST("t"."body" AS text) AS "body",
  CAST("t"."amount" AS numeric(18,2)) AS "amount",
  CAST("t"."at" AS timestamp with time zone) AS "at"
FROM "dwh"."notes" AS "t"
WITH NO DATA;
