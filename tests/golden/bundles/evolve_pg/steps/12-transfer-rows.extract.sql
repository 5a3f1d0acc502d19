-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY (
SELECT
  "id",
  "day",
  "at",
  "amount",
  "status",
  "status" AS "st'at;us $(id) `x` ""y"" ]z",
  "amount" AS "a$dponec$\ %s"
FROM "shop"."orders"
WHERE
  "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
  AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
) TO STDOUT (FORMAT binary);
