-- step transfer-changes (extract)
-- purpose: stream the source into staging (changes)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-changes
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
        CAST((
          "status"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          "body"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        ROUND(CAST((
          "amount"
        ) AS DECIMAL), 2)
      ) AS TEXT),
      CAST((
        CAST((
          "at"
        ) AT TIME ZONE 'UTC' AS timestamp(6) without time zone)
      ) AS TEXT) || '+00:00',
      CAST((
        CAST((
          CAST((
            CASE LOWER(CAST("op" AS TEXT)) WHEN 'i' THEN 'I' WHEN 'insert' THEN 'I' WHEN 'c' THEN 'I' WHEN 'create' THEN 'I' WHEN 'r' THEN 'I' WHEN 'read' THEN 'I' WHEN 'u' THEN 'U' WHEN 'update' THEN 'U' WHEN 'd' THEN 'D' WHEN 'delete' THEN 'D' WHEN 't' THEN 'T' WHEN 'truncate' THEN 'T' ELSE COALESCE(CAST("op" AS TEXT), '') END
          ) AS text)
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          CAST((
            "seq"
          ) AS bigint)
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          CAST((
            CASE WHEN ("status" <> 'draft') THEN 't' ELSE 'f' END
          ) AS text)
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          CAST((
            ''
          ) AS text)
        ) AS TEXT)
      ) AS TEXT)
    ] AS TEXT[])
  ) AS TEXT) AS line
FROM "shop"."note_changes"
WHERE
  "seq" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
  AND "seq" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
