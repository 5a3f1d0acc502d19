-- step check-values-rows
-- purpose: count the values that the target cannot hold, in the snapshot of the extraction
-- engine: postgres (source)
-- idempotency: pure
-- why: a value that is cut, rounded or clamped on its way would be lost without a word
DO $dponec$
#variable_conflict use_column
DECLARE
  problems text;
BEGIN
  SELECT string_agg(format('column %s: %s values (%s); policy %s', e.name, e.n, e.says, e.policy), '; ') INTO problems
    FROM (
SELECT
  COUNT(*) FILTER(WHERE
    (
      "c_tiny" < CAST('0' AS DECIMAL) OR "c_tiny" > CAST('255' AS DECIMAL)
    )) AS n0,
  COUNT(*) FILTER(WHERE
    (
      "c_dec"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DECIMAL[])
    )) AS n1,
  COUNT(*) FILTER(WHERE
    (
      "c_money"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DECIMAL[])
    )) AS n2,
  COUNT(*) FILTER(WHERE
    (
      "c_real"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DOUBLE PRECISION[])
    )) AS n3,
  COUNT(*) FILTER(WHERE
    (
      "c_float"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DOUBLE PRECISION[])
    )) AS n4,
  COUNT(*) FILTER(WHERE
    LENGTH(CAST((
      "c_char"
    ) AS TEXT)) + LENGTH(
      REGEXP_REPLACE(CAST((
        "c_char"
      ) AS TEXT), '[^\U00010000-\U0010FFFF]', '', 'g')
    ) > 10) AS n5,
  COUNT(*) FILTER(WHERE
    LENGTH(CAST((
      "c_nchar"
    ) AS TEXT)) + LENGTH(
      REGEXP_REPLACE(CAST((
        "c_nchar"
      ) AS TEXT), '[^\U00010000-\U0010FFFF]', '', 'g')
    ) > 10) AS n6,
  COUNT(*) FILTER(WHERE
    (
      "c_date" < CAST('0001-01-01' AS DATE) OR "c_date" > CAST('9999-12-31' AS DATE)
    )) AS n7,
  COUNT(*) FILTER(WHERE
    (
      "c_time" < CAST('00:00:00' AS TIME) OR "c_time" > CAST('23:59:59.999999' AS TIME)
    )) AS n8,
  COUNT(*) FILTER(WHERE
    CASE
      WHEN ISFINITE("c_datetime")
      THEN DATE_TRUNC('SECOND', "c_datetime") + CAST((
        ROUND(
          (
            FLOOR(
              CAST(EXTRACT(MICROSECONDS FROM "c_datetime") AS DECIMAL) % 1000000 * 300 / 1000000 + 0.5
            )
          ) * 10 / 3
        )
      ) AS DOUBLE PRECISION) * INTERVAL '1 MILLISECOND' <> "c_datetime"
    END) AS n9,
  COUNT(*) FILTER(WHERE
    (
      "c_datetime" < CAST('1753-01-01 00:00:00' AS TIMESTAMP)
      OR "c_datetime" > CAST('9999-12-31 23:59:59.997' AS TIMESTAMP)
    )) AS n10,
  COUNT(*) FILTER(WHERE
    CASE
      WHEN ISFINITE("c_small_dt")
      THEN DATE_TRUNC('minute', "c_small_dt") <> "c_small_dt"
    END) AS n11,
  COUNT(*) FILTER(WHERE
    (
      "c_small_dt" < CAST('1900-01-01 00:00:00' AS TIMESTAMP)
      OR "c_small_dt" > CAST('2079-06-06 23:59:29' AS TIMESTAMP)
    )) AS n12,
  COUNT(*) FILTER(WHERE
    (
      "c_dt2" < CAST('0001-01-01 00:00:00' AS TIMESTAMP)
      OR "c_dt2" > CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP)
    )) AS n13,
  COUNT(*) FILTER(WHERE
    CAST(EXTRACT(MICROSECONDS FROM CASE WHEN ISFINITE("c_dto") THEN "c_dto" END) AS BIGINT) % 1000 <> 0) AS n14,
  COUNT(*) FILTER(WHERE
    (
      (
        "c_dto"
      ) AT TIME ZONE 'UTC' < CAST('0001-01-01 00:00:00' AS TIMESTAMP)
      OR (
        "c_dto"
      ) AT TIME ZONE 'UTC' > CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP)
    )) AS n15
FROM "shop"."every_type"
    ) AS "counted"
   CROSS JOIN LATERAL (VALUES
      ('"c_tiny"', "counted"."n0", 'numbers out of the range of uint8', 'fail'),
      ('"c_dec"', "counted"."n1", 'NaN and infinity', 'fail'),
      ('"c_money"', "counted"."n2", 'NaN and infinity', 'fail'),
      ('"c_real"', "counted"."n3", 'NaN and infinity', 'fail'),
      ('"c_float"', "counted"."n4", 'NaN and infinity', 'fail'),
      ('"c_char"', "counted"."n5", 'texts of more than 10 UTF-16 units (a character beyond U+FFFF is two)', 'fail'),
      ('"c_nchar"', "counted"."n6", 'texts of more than 10 UTF-16 units (a character beyond U+FFFF is two)', 'fail'),
      ('"c_date"', "counted"."n7", 'years outside of 1 to 9999 and infinity', 'fail'),
      ('"c_time"', "counted"."n8", '24:00:00', 'fail'),
      ('"c_datetime"', "counted"."n9", 'times that are no multiple of 1/300 s, which are rounded', 'fail'),
      ('"c_datetime"', "counted"."n10", 'years outside of 1753 to 9999 and infinity', 'fail'),
      ('"c_small_dt"', "counted"."n11", 'seconds, which are rounded to the minute', 'fail'),
      ('"c_small_dt"', "counted"."n12", 'years outside of 1900 to 2079 and infinity', 'fail'),
      ('"c_dt2"', "counted"."n13", 'years outside of 1 to 9999 and infinity', 'fail'),
      ('"c_dto"', "counted"."n14", 'fractions of a second beyond 3 digits', 'fail'),
      ('"c_dto"', "counted"."n15", 'years outside of 1 to 9999 and infinity', 'fail')
    ) AS e (name, n, says, policy)
   WHERE e.n > 0;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP524', MESSAGE = 'values that the target cannot hold: ' || problems,
      HINT = 'correct them, change the type of the target, or say lossy: null, clamp or text for the column';
  END IF;
END
$dponec$;
