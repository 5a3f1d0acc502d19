-- step insert-missing
-- purpose: insert keys that are new
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: in the same transaction
DO $dponec$
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "d'w;h"."or""ders `$(id)`" IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO "d'w;h"."or""ders `$(id)`" ("id; --", "k`ey", "st'at;us", "up'dated""at", "tab	\ $(id)")
SELECT
  "s"."id; --",
  "s"."k`ey",
  "s"."st'at;us",
  "s"."up'dated""at",
  "s"."tab	\ $(id)"
FROM "d'w;h"."or""ders `$(id)`__dponec_9e8e9a6d_rows" AS "s"
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM "d'w;h"."or""ders `$(id)`" AS "t"
    WHERE
      "t"."id; --" = "s"."id; --" AND "t"."k`ey" = "s"."k`ey"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
