-- step transfer-changes (extract)
-- purpose: stream the source into staging (changes)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-changes
-- why: one pass, constant memory, the vendors' bulk formats
-- params: watermark, window_low, window_high, run_id, fence
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
            "__dponec_op"
          ) AS text)
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          CAST((
            "__dponec_order"
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
            "__dponec_unchanged"
          ) AS text)
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          "__dponec_old_0"
        ) AS TEXT)
      ) AS TEXT)
    ] AS TEXT[])
  ) AS TEXT) AS line
FROM (
  SELECT
    "__dponec_order",
    "__dponec_lsn",
    "__dponec_op",
    "__dponec_unchanged",
    "__dponec_old_0",
    "id",
    "status",
    "body",
    "amount",
    "at"
  FROM "pg_temp"."__dponec_changes"
  WHERE
    "__dponec_lsn" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
    AND "__dponec_lsn" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
  UNION ALL
  SELECT
    -1,
    -1,
    'R',
    '',
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
  WHERE
    CURRENT_SETTING('dponec.watermark') = ''
  UNION ALL
  SELECT
    0,
    0,
    'I',
    '',
    NULL,
    "id",
    "status",
    "body",
    "amount",
    "at"
  FROM "shop"."notes"
  WHERE
    CURRENT_SETTING('dponec.watermark') = '' AND (
      "status" <> 'draft'
    )
) AS f
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
