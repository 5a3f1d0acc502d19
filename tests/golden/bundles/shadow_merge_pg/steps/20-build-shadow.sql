-- step build-shadow
-- purpose: build the new target beside the old one
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: rows that stay (NULL keys too), and the staged rows, with every constraint and index
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
  given record;
BEGIN
  FOR given IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND NOT c.relispartition AND starts_with(c.relname, 'orders__dponec_d13846b5_swap_')
  LOOP
    EXECUTE 'DROP TABLE ' || given.name;
  END LOOP;
  LOCK TABLE "dwh"."orders" IN SHARE ROW EXCLUSIVE MODE;
  CREATE TABLE "dwh"."orders__dponec_d13846b5_swap_n1" (LIKE "dwh"."orders" INCLUDING ALL);
  INSERT INTO "dwh"."orders__dponec_d13846b5_swap_n1" ("id", "day", "at", "amount", "status")
  SELECT "id", "day", "at", "amount", "status" FROM "dwh"."orders__dponec_d13846b5_rows";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
  INSERT INTO "dwh"."orders__dponec_d13846b5_swap_n1" ("id", "day", "at", "amount", "status")
SELECT
  "t"."id",
  "t"."day",
  "t"."at",
  "t"."amount",
  "t"."status"
FROM "dwh"."orders" AS "t"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders__dponec_d13846b5_rows" AS "s"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "dwh"."orders__dponec_d13846b5_left" AS "s"
    WHERE
      "t"."id" = "s"."id" AND "t"."day" = "s"."day"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + (SELECT count(*) FROM "dwh"."orders") - affected)::text, true);
  ANALYZE "dwh"."orders__dponec_d13846b5_swap_n1";
END
$dponec$;
