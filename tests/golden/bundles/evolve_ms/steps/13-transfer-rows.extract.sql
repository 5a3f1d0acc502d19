-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
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
      ) AS TEXT),
      CAST((
        CAST((
          "at"
        ) AT TIME ZONE 'UTC' AS timestamp(6) without time zone)
      ) AS TEXT) || '+00:00',
      CAST((
        ROUND(CAST((
          "amount"
        ) AS DECIMAL), 2)
      ) AS TEXT),
      CAST((
        CAST((
          "status"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          "status"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        ROUND(CAST((
          "amount"
        ) AS DECIMAL), 2)
      ) AS TEXT)
    ] AS TEXT[])
  ) AS TEXT) AS line
FROM "shop"."orders"
WHERE
  "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
  AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
