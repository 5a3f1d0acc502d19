-- step build-versions
-- purpose: build the new history of every key that changes
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: a late row is put where it belongs, and a row that is like the one before it makes no version
-- params: window_high
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "dwh"."order_history" IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM "dwh"."order_history" AS t WHERE "t"."valid_from" > CAST(CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone) AS timestamp with time zone)) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP513', MESSAGE = format('the target has versions that begin after %s', CAST(CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone) AS timestamp with time zone)),
      HINT = 'nothing was changed; compare the clocks of the source and of whoever wrote these versions';
  END IF;
  IF EXISTS (SELECT FROM "dwh"."order_history" AS t WHERE "t"."is_current" AND "t"."valid_to" IS NOT NULL AND NOT ("t"."id" IS NULL)) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP515', MESSAGE = 'a version of the target is marked as current and has an end in valid_to', HINT = 'nothing was changed; set it to NULL, or to not current';
  END IF;
  INSERT INTO "dwh"."order_history__dponec_38349d5e_versions" ("id", "day", "at", "amount", "status", "valid_from", "valid_to", "is_current", "row_hash")
  WITH news AS MATERIALIZED (
    SELECT "s"."id", "s"."day", "s"."at", "s"."amount", "s"."status", CAST(CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone) AS timestamp with time zone) AS dponec_at, COALESCE('V' || OCTET_LENGTH(CASE WHEN "s"."day" IS NULL THEN NULL WHEN ISFINITE("s"."day") THEN CAST(("s"."day" - CAST('1970-01-01' AS DATE)) AS TEXT) WHEN "s"."day" > CAST('2000-01-01' AS DATE) THEN 'infinity' ELSE '-infinity' END) || ':' || CASE WHEN "s"."day" IS NULL THEN NULL WHEN ISFINITE("s"."day") THEN CAST(("s"."day" - CAST('1970-01-01' AS DATE)) AS TEXT) WHEN "s"."day" > CAST('2000-01-01' AS DATE) THEN 'infinity' ELSE '-infinity' END, 'N') || COALESCE('V' || OCTET_LENGTH(CASE WHEN "s"."at" IS NULL THEN NULL WHEN ISFINITE("s"."at") THEN CAST(CAST((EXTRACT(EPOCH FROM "s"."at") * 1000000) AS BIGINT) AS TEXT) WHEN "s"."at" > '2000-01-01' THEN 'infinity' ELSE '-infinity' END) || ':' || CASE WHEN "s"."at" IS NULL THEN NULL WHEN ISFINITE("s"."at") THEN CAST(CAST((EXTRACT(EPOCH FROM "s"."at") * 1000000) AS BIGINT) AS TEXT) WHEN "s"."at" > '2000-01-01' THEN 'infinity' ELSE '-infinity' END, 'N') || COALESCE('V' || OCTET_LENGTH(CAST(TRIM_SCALE("s"."amount") AS TEXT)) || ':' || CAST(TRIM_SCALE("s"."amount") AS TEXT), 'N') || COALESCE('V' || OCTET_LENGTH(CAST("s"."status" AS TEXT)) || ':' || CAST("s"."status" AS TEXT), 'N') AS dponec_text FROM "dwh"."order_history__dponec_38349d5e_rows" AS s
  ), changed AS MATERIALIZED (
    SELECT "s"."id" FROM news AS s
     WHERE NOT EXISTS (
       SELECT FROM "dwh"."order_history" AS t
        WHERE "t"."id" = "s"."id" AND "t"."valid_from" <= s.dponec_at AND ("t"."valid_to" IS NULL OR "t"."valid_to" > s.dponec_at)
          AND ROW(0, "t"."day", "t"."at", "t"."amount", CAST(("t"."status") AS TEXT) COLLATE "C") IS NOT DISTINCT FROM ROW(0, "s"."day", "s"."at", "s"."amount", CAST(("s"."status") AS TEXT) COLLATE "C"))
    UNION ALL
    SELECT "t"."id" FROM "dwh"."order_history" AS t
     WHERE "t"."valid_to" IS NULL AND NOT ("t"."id" IS NULL) AND NOT EXISTS (SELECT FROM "dwh"."order_history__dponec_38349d5e_rows" AS s WHERE "t"."id" = "s"."id")
  ), keys AS MATERIALIZED (
    SELECT DISTINCT "id" FROM changed
  ), steps AS (
    SELECT "s"."id", "s"."day", "s"."at", "s"."amount", "s"."status", s.dponec_at, 2 AS dponec_rank, s.dponec_text FROM news AS s JOIN keys AS k ON "s"."id" = "k"."id"
    UNION ALL
    SELECT "t"."id", "t"."day", "t"."at", "t"."amount", "t"."status", "t"."valid_from", 1, COALESCE('V' || OCTET_LENGTH(CASE WHEN "t"."day" IS NULL THEN NULL WHEN ISFINITE("t"."day") THEN CAST(("t"."day" - CAST('1970-01-01' AS DATE)) AS TEXT) WHEN "t"."day" > CAST('2000-01-01' AS DATE) THEN 'infinity' ELSE '-infinity' END) || ':' || CASE WHEN "t"."day" IS NULL THEN NULL WHEN ISFINITE("t"."day") THEN CAST(("t"."day" - CAST('1970-01-01' AS DATE)) AS TEXT) WHEN "t"."day" > CAST('2000-01-01' AS DATE) THEN 'infinity' ELSE '-infinity' END, 'N') || COALESCE('V' || OCTET_LENGTH(CASE WHEN "t"."at" IS NULL THEN NULL WHEN ISFINITE("t"."at") THEN CAST(CAST((EXTRACT(EPOCH FROM "t"."at") * 1000000) AS BIGINT) AS TEXT) WHEN "t"."at" > '2000-01-01' THEN 'infinity' ELSE '-infinity' END) || ':' || CASE WHEN "t"."at" IS NULL THEN NULL WHEN ISFINITE("t"."at") THEN CAST(CAST((EXTRACT(EPOCH FROM "t"."at") * 1000000) AS BIGINT) AS TEXT) WHEN "t"."at" > '2000-01-01' THEN 'infinity' ELSE '-infinity' END, 'N') || COALESCE('V' || OCTET_LENGTH(CAST(TRIM_SCALE("t"."amount") AS TEXT)) || ':' || CAST(TRIM_SCALE("t"."amount") AS TEXT), 'N') || COALESCE('V' || OCTET_LENGTH(CAST("t"."status" AS TEXT)) || ':' || CAST("t"."status" AS TEXT), 'N') FROM "dwh"."order_history" AS t JOIN keys AS k ON "t"."id" = "k"."id"
    UNION ALL
    SELECT "t"."id", CAST(NULL AS date), CAST(NULL AS timestamp with time zone), CAST(NULL AS numeric(18,2)), CAST(NULL AS text), "t"."valid_to", 0, NULL FROM "dwh"."order_history" AS t JOIN keys AS k ON "t"."id" = "k"."id" WHERE "t"."valid_to" IS NOT NULL
    UNION ALL
    SELECT "t"."id", CAST(NULL AS date), CAST(NULL AS timestamp with time zone), CAST(NULL AS numeric(18,2)), CAST(NULL AS text), CAST(CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone) AS timestamp with time zone), 2, NULL FROM keys AS t WHERE NOT EXISTS (SELECT FROM "dwh"."order_history__dponec_38349d5e_rows" AS s WHERE "t"."id" = "s"."id")
  ), newest AS (
    SELECT DISTINCT ON ("id", dponec_at) * FROM steps ORDER BY "id", dponec_at, dponec_rank DESC
  ), compared AS (
    SELECT *, lag(dponec_text) OVER (PARTITION BY "id" ORDER BY dponec_at) AS dponec_before FROM newest
  ), versions AS (
    SELECT *, lead(dponec_at) OVER (PARTITION BY "id" ORDER BY dponec_at) AS dponec_end
      FROM compared WHERE dponec_text IS DISTINCT FROM dponec_before
  )
  SELECT "id", "day", "at", "amount", "status", dponec_at, dponec_end, dponec_end IS NULL, md5(dponec_text) FROM versions WHERE dponec_text IS NOT NULL;
END
$dponec$;
