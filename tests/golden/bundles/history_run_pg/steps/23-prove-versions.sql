-- step prove-versions
-- purpose: prove the histories
-- engine: postgres (target), transaction finalize
-- idempotency: pure
-- why: each staged row holds at its time, one version a key is open, and none overlap
-- params: window_high
DO $dponec$
DECLARE
  wrong bigint;
BEGIN
  wrong := (
    SELECT count(*) FROM "dwh"."order_history__dponec_38349d5e_rows" AS s WHERE NOT EXISTS (
      SELECT FROM "dwh"."order_history" AS t
       WHERE "t"."id" = "s"."id" AND "t"."valid_from" <= CAST(CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone) AS timestamp with time zone) AND ("t"."valid_to" IS NULL OR "t"."valid_to" > CAST(CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone) AS timestamp with time zone)) AND ROW(0, "t"."day", "t"."at", "t"."amount", CAST(("t"."status") AS TEXT) COLLATE "C") IS NOT DISTINCT FROM ROW(0, "s"."day", "s"."at", "s"."amount", CAST(("s"."status") AS TEXT) COLLATE "C"))
  );
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s staged rows are not what the target holds at their time', wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  wrong := (
    SELECT count(*) FROM (
      SELECT "t"."valid_from" AS begins, "t"."valid_to" AS ends, "t"."is_current" AS current,
             lead("t"."valid_from") OVER (PARTITION BY "t"."id" ORDER BY "t"."valid_from") AS next
        FROM "dwh"."order_history" AS t JOIN (SELECT DISTINCT "id" FROM "dwh"."order_history__dponec_38349d5e_versions") AS k ON "t"."id" = "k"."id"
    ) AS h WHERE begins >= ends OR ends > next OR (ends IS NULL AND next IS NOT NULL) OR current IS DISTINCT FROM (ends IS NULL)
  );
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s versions overlap, end before they begin, or are marked wrongly as current', wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
  wrong := (
    SELECT count(*) FROM "dwh"."order_history" AS t
     WHERE "t"."valid_to" IS NULL AND NOT ("t"."id" IS NULL) AND NOT EXISTS (SELECT FROM "dwh"."order_history__dponec_38349d5e_rows" AS s WHERE "t"."id" = "s"."id")
  );
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('%s versions are open though the source lacks their key', wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;
END
$dponec$;
