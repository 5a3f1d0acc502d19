-- step transfer-delta (extract)
-- purpose: stream the source into staging (delta)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: one pass, constant memory, the vendors' bulk formats
-- params: run_id, fence
COPY (
SELECT DISTINCT
  CAST(ARRAY_TO_JSON(
    CAST(ARRAY[CAST((
        CAST((
          "status"
        ) AS TEXT)
    ) AS TEXT)] AS TEXT[])
  ) AS TEXT) AS line
FROM "shop"."orders"
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
