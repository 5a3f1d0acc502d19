-- step upsert-staged
-- purpose: insert the staged rows, or give the target's row of the key their values
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: one pass over the delta, and the unique index decides, so no key can come twice
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
  digest_text text;
BEGIN
  LOCK TABLE "d'w;h"."or""ders `$(id)`" IN SHARE ROW EXCLUSIVE MODE;
  WITH "stored" AS (
INSERT INTO "d'w;h"."or""ders `$(id)`" AS "t" ("id; --", "k`ey", "st'at;us", "up'dated""at", "tab	\ $(id)")
SELECT
  "s"."id; --",
  "s"."k`ey",
  "s"."st'at;us",
  "s"."up'dated""at",
  "s"."tab	\ $(id)"
FROM "d'w;h"."or""ders `$(id)`__dponec_9e8e9a6d_rows" AS "s"
ON CONFLICT ("id; --", "k`ey") DO UPDATE SET
  "st'at;us" = "excluded"."st'at;us",
  "up'dated""at" = "excluded"."up'dated""at",
  "tab	\ $(id)" = "excluded"."tab	\ $(id)"
RETURNING HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("t"."id; --", CASE WHEN "t"."id; --" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHTEXTEXTENDED(CAST(("t"."k`ey") AS TEXT) COLLATE "C", 2), 2)) # (COALESCE(HASHTEXTEXTENDED(CAST(("t"."st'at;us") AS TEXT) COLLATE "C", 3), 3) # (COALESCE(TIMESTAMP_HASH_EXTENDED("t"."up'dated""at" AT TIME ZONE 'UTC', 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("t"."tab	\ $(id)") AS TEXT) COLLATE "C", 5), 5))))) AS TEXT) COLLATE "C", 0) AS "h"
  )
  SELECT count(*), CAST(COALESCE(SUM("h"), 0) AS TEXT) || ':h1' INTO affected, digest_text FROM "stored";
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true),
          set_config('dponec.rows_stored', digest_text, true);
END
$dponec$;
