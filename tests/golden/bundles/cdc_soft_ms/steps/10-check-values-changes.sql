-- step check-values-changes
-- purpose: count the values that the target cannot hold, in the snapshot of the extraction
-- engine: postgres (source)
-- idempotency: pure
-- why: a value that is cut, rounded or clamped on its way would be lost without a word
-- params: watermark, window_low, window_high
DO $dponec$
#variable_conflict use_column
DECLARE
  problems text;
BEGIN
  SELECT string_agg(format('column %s: %s values (%s); policy %s', e.name, e.n, e.says, e.policy), '; ') INTO problems
    FROM (
SELECT
  COUNT(*) FILTER(WHERE
    LENGTH(CAST((
      "status"
    ) AS TEXT)) + LENGTH(
      REGEXP_REPLACE(CAST((
        "status"
      ) AS TEXT), '[^\U00010000-\U0010FFFF]', '', 'g')
    ) > 20) AS n0,
  COUNT(*) FILTER(WHERE
    (
      "amount"
    ) = ANY(
      CAST(ARRAY['NaN', 'Infinity', '-Infinity'] AS DECIMAL[])
    )) AS n1,
  COUNT(*) FILTER(WHERE
    (
      (
        "at"
      ) AT TIME ZONE 'UTC' < CAST('0001-01-01 00:00:00' AS TIMESTAMP)
      OR (
        "at"
      ) AT TIME ZONE 'UTC' > CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP)
    )) AS n2
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
    ) AS "counted"
   CROSS JOIN LATERAL (VALUES
      ('"status"', "counted"."n0", 'texts of more than 20 UTF-16 units (a character beyond U+FFFF is two)', 'fail'),
      ('"amount"', "counted"."n1", 'NaN and infinity', 'fail'),
      ('"at"', "counted"."n2", 'years outside of 1 to 9999 and infinity', 'fail')
    ) AS e (name, n, says, policy)
   WHERE e.n > 0;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP524', MESSAGE = 'values that the target cannot hold: ' || problems,
      HINT = 'correct them, change the type of the target, or say lossy: null, clamp or text for the column';
  END IF;
END
$dponec$;
