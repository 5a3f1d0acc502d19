-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: postgres (target), transaction stage-rows
-- idempotency: transactional
-- why: rows are proved in staging before the target is touched
DROP TABLE IF EXISTS "staging"."orders__dponec_49ace458_rows";
CREATE UNLOGGED TABLE "staging"."orders__dponec_49ace458_rows" AS
SELECT
  CAST("t"."order_id" AS bigint) AS "order_id",
  CAST("t"."customer" AS text) AS "customer",
  CAST("t"."status" AS text) AS "status",
  CAST("t"."amount" AS numeric(18,2)) AS "amount",
  CAST("t"."big" AS numeric(38,10)) AS "big",
  CAST("t"."ratio" AS double precision) AS "ratio",
  CAST("t"."business_date" AS date) AS "business_date",
  CAST("t"."created_at" AS timestamp with time zone) AS "created_at",
  CAST("t"."updated_at" AS timestamp with time zone) AS "updated_at",
  CAST("t"."note" AS text) AS "note",
  CAST("t"."payload" AS jsonb) AS "payload",
  CAST("t"."is_gift" AS boolean) AS "is_gift",
  CAST("t"."uid" AS uuid) AS "uid"
FROM "dwh"."orders" AS "t"
WITH NO DATA;
