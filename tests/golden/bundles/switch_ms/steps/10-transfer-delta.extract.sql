-- step transfer-delta (extract)
-- purpose: stream the source into staging (delta)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, run_id, fence
COPY (
SELECT
  CAST(ARRAY_TO_JSON(
    CAST(ARRAY[
      CAST((
        CAST((
          "id"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST(CAST("day" AS TIMESTAMP) AS DATE)
      ) AS TEXT)
    ] AS TEXT[])
  ) AS TEXT) AS line
FROM "shop"."orders"
WHERE
  "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
  AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
