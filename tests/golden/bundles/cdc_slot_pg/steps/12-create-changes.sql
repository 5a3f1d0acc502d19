-- step create-changes
-- purpose: create the empty staging table (changes)
-- engine: postgres (target), transaction stage-changes
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."notes__dponec_37c7a663_changes";
CREATE UNLOGGED TABLE "staging"."notes__dponec_37c7a663_changes" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."status" AS character varying(20)) AS "status",
  CAST("t"."body" AS text) AS "body",
  CAST("t"."amount" AS numeric(18,2)) AS "amount",
  CAST("t"."at" AS timestamp with time zone) AS "at",
  CAST(NULL AS text) AS "__dponec_op",
  CAST(NULL AS bigint) AS "__dponec_order",
  CAST(NULL AS text) AS "__dponec_kept",
  CAST(NULL AS text) AS "__dponec_unchanged",
  CAST(NULL AS bigint) AS "__dponec_old_0"
FROM "dwh"."notes" AS "t"
WITH NO DATA;
