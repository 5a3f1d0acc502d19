-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_rows
COPY (
SELECT
  "id",
  "day",
  "at" AT TIME ZONE 'UTC' AS "at",
  "amount",
  "status",
  "status" AS "st'at;us $(id) `x` ""y"" ]z",
  "amount" AS "a$dponec$\ %s"
FROM "shop"."orders"
WHERE
  "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
  AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
