-- step upsert-staged
-- purpose: insert the staged rows, or give the target's row of the key their values
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: one pass over the delta, and the unique index decides, so no key can come twice
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "d'w;h"."or""ders `$(id)`" IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO "d'w;h"."or""ders `$(id)`" AS "t" ("id; --", "k`ey", "st'at;us", "up'dated""at", "tab	\ $(id)")
SELECT
  "s"."id; --",
  "s"."k`ey",
  "s"."st'at;us",
  "s"."up'dated""at",
  "s"."tab	\ $(id)"
FROM "d'w;h"."or""ders `$(id)`__dponec_9e8e9a6d_rows" AS "s"
ON CONFLICT ("id; --", "k`ey") DO UPDATE SET
  "k`ey" = "excluded"."k`ey",
  "st'at;us" = "excluded"."st'at;us",
  "up'dated""at" = "excluded"."up'dated""at",
  "tab	\ $(id)" = "excluded"."tab	\ $(id)";
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
