-- step update-matching
-- purpose: update rows that differ
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: unchanged rows are not written, so there are no dead tuples for nothing
DO $dponec$
DECLARE
  affected bigint;
BEGIN
  LOCK TABLE "d'w;h"."or""ders `$(id)`" IN SHARE ROW EXCLUSIVE MODE;
  PERFORM set_config('dponec.rows_matched', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_matched', TRUE), ''), '0') AS BIGINT) + (
SELECT
  COUNT(*)
FROM "d'w;h"."or""ders `$(id)`__dponec_9e8e9a6d_rows" AS "s"
WHERE
  EXISTS(
    SELECT
      1
    FROM "d'w;h"."or""ders `$(id)`" AS "t"
    WHERE
      "t"."id; --" = "s"."id; --" AND "t"."k`ey" = "s"."k`ey"
  )
  ))::text, true);
  UPDATE "d'w;h"."or""ders `$(id)`" AS "t" SET "st'at;us" = "s"."st'at;us", "up'dated""at" = "s"."up'dated""at", "tab	\ $(id)" = "s"."tab	\ $(id)"
FROM "d'w;h"."or""ders `$(id)`__dponec_9e8e9a6d_rows" AS "s"
WHERE
  (
    "t"."id; --" = "s"."id; --" AND "t"."k`ey" = "s"."k`ey"
  )
  AND ROW(
    CAST((
      "t"."st'at;us"
    ) AS TEXT) COLLATE "C",
    "t"."up'dated""at",
    CAST((
      "t"."tab	\ $(id)"
    ) AS TEXT) COLLATE "C"
  ) IS DISTINCT FROM ROW(
    CAST((
      "s"."st'at;us"
    ) AS TEXT) COLLATE "C",
    "s"."up'dated""at",
    CAST((
      "s"."tab	\ $(id)"
    ) AS TEXT) COLLATE "C"
  );
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_updated', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_updated', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
END
$dponec$;
