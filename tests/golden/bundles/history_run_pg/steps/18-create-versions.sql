-- step create-versions
-- purpose: create an empty table for histories
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: in the transaction
DROP TABLE IF EXISTS "dwh"."order_history__dponec_38349d5e_versions";
CREATE UNLOGGED TABLE "dwh"."order_history__dponec_38349d5e_versions" AS
SELECT
  CAST("t"."id" AS bigint) AS "id",
  CAST("t"."day" AS date) AS "day",
  CAST("t"."at" AS timestamp with time zone) AS "at",
  CAST("t"."amount" AS numeric(18,2)) AS "amount",
  CAST("t"."status" AS text) AS "status",
  CAST("t"."valid_from" AS timestamp with time zone) AS "valid_from",
  CAST("t"."valid_to" AS timestamp with time zone) AS "valid_to",
  CAST("t"."is_current" AS boolean) AS "is_current",
  CAST("t"."row_hash" AS text) AS "row_hash"
FROM "dwh"."order_history" AS "t"
WITH NO DATA;
