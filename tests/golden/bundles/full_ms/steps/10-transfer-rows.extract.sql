-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: run_id, fence
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
          "c_bit"
        ) AS INT)
      ) AS TEXT),
      CAST((
        CAST((
          "c_tiny"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        CAST((
          "c_small"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        ROUND(CAST((
          "c_dec"
        ) AS DECIMAL), 10)
      ) AS TEXT),
      CAST((
        ROUND(CAST((
          "c_money"
        ) AS DECIMAL), 4)
      ) AS TEXT),
      CAST((
        CAST("c_real" AS real)
      ) AS TEXT),
      CAST((
        CAST("c_float" AS double precision)
      ) AS TEXT),
      CAST((
        TRIM(TRAILING ' ' FROM CAST((
          "c_char"
        ) AS TEXT))
      ) AS TEXT),
      CAST((
        CAST((
          "c_varchar"
        ) AS TEXT)
      ) AS TEXT),
      CAST((
        TRIM(TRAILING ' ' FROM CAST((
          "c_nchar"
        ) AS TEXT))
      ) AS TEXT),
      CAST((
        CAST((
          "c_text"
        ) AS TEXT)
      ) AS TEXT),
      ENCODE("c_bin", 'hex'),
      CAST((
        CAST(CAST("c_date" AS TIMESTAMP) AS DATE)
      ) AS TEXT),
      CAST((
        CAST("c_time" AS time(6) without time zone)
      ) AS TEXT),
      CAST((
        CASE
          WHEN ISFINITE(CAST("c_datetime" AS TIMESTAMP))
          THEN DATE_TRUNC('SECOND', CAST("c_datetime" AS TIMESTAMP)) + CAST((
            ROUND(
              (
                FLOOR(
                  CAST(EXTRACT(MICROSECONDS FROM CAST("c_datetime" AS TIMESTAMP)) AS DECIMAL) % 1000000 * 300 / 1000000 + 0.5
                )
              ) * 10 / 3
            )
          ) AS DOUBLE PRECISION) * INTERVAL '1 MILLISECOND'
          ELSE CAST("c_datetime" AS TIMESTAMP)
        END
      ) AS TEXT),
      CAST((
        CASE
          WHEN ISFINITE(CAST("c_small_dt" AS TIMESTAMP))
          THEN DATE_TRUNC('MINUTE', CAST("c_small_dt" AS TIMESTAMP) + INTERVAL '30 SECONDS')
          ELSE CAST("c_small_dt" AS TIMESTAMP)
        END
      ) AS TEXT),
      CAST((
        CAST(CAST("c_dt2" AS TIMESTAMP) AS timestamp(6) without time zone)
      ) AS TEXT),
      CAST((
        CAST((
          "c_dto"
        ) AT TIME ZONE 'UTC' AS timestamp(3) without time zone)
      ) AS TEXT) || '+00:00',
      CAST((
        CAST("c_uuid" AS uuid)
      ) AS TEXT),
      CAST((
        CAST((
          "c_json"
        ) AS TEXT)
      ) AS TEXT)
    ] AS TEXT[])
  ) AS TEXT) AS line
FROM "shop"."every_type"
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
