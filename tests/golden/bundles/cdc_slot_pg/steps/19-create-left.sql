-- step create-left
-- purpose: create the empty staging table (left)
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."notes__dponec_37c7a663_left";
CREATE TABLE "staging"."notes__dponec_37c7a663_left" AS
SELECT
  CAST("t"."id" AS bigint) AS "id"
FROM "dwh"."notes" AS "t"
WITH NO DATA;
