-- step check-values-rows
-- purpose: count the values that the target cannot hold, in the snapshot of the extraction
-- engine: postgres (source)
-- idempotency: pure
-- why: a value that is cut, rounded or clamped on its way would be lost without a word
-- params: window_low, window_high
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
      "day" < CAST('1900-01-01' AS DATE) OR "day" > CAST('2299-12-31' AS DATE)
    )) AS n0,
  COUNT(*) FILTER(WHERE
    (
      (
        "at"
      ) AT TIME ZONE 'UTC' < CAST('1900-01-01 00:00:00' AS TIMESTAMP)
      OR (
        "at"
      ) AT TIME ZONE 'UTC' > CAST('2299-12-31 23:59:59.999999' AS TIMESTAMP)
    )) AS n1,
  COUNT(*) FILTER(WHERE
    (
      "amount"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DECIMAL[])
    )) AS n2,
  COUNT(*) FILTER(WHERE
    (
      "amount"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DECIMAL[])
    )) AS n3
FROM "shop"."orders"
WHERE
  "at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone)
  AND "at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone)
    ) AS "counted"
   CROSS JOIN LATERAL (VALUES
      ('"day"', "counted"."n0", 'dates outside of 1900-01-01 to 2299-12-31 (and infinity)', 'fail'),
      ('"at"', "counted"."n1", 'instants outside of 1900-01-01 to 2299-12-31 (and infinity)', 'fail'),
      ('"amount"', "counted"."n2", 'NaN', 'fail'),
      ('"amount"', "counted"."n3", 'NaN', 'fail')
    ) AS e (name, n, says, policy)
   WHERE e.n > 0;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP524', MESSAGE = 'values that the target cannot hold: ' || problems,
      HINT = 'correct them, change the type of the target, or say lossy: null, clamp or text for the column';
  END IF;
END
$dponec$;
