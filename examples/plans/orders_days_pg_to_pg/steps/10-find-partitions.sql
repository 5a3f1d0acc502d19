-- step find-partitions
-- purpose: find the affected partitions
-- engine: postgres (target)
-- idempotency: pure
-- why: those of the changed rows, and those where the changed keys live now
DO $dponec$
DECLARE
  affected bigint;
  listed text;
BEGIN
  SELECT count(*), coalesce(jsonb_agg(v ORDER BY v), '[]'::jsonb)::text INTO affected, listed FROM (
SELECT
  CASE
    WHEN NOT ISFINITE("s"."business_date") OR "s"."business_date" < '0001-01-01'
    THEN '-'
    ELSE TO_CHAR("s"."business_date", 'YYYY-MM-DD')
  END
FROM "staging"."orders__dponec_655da1bd_delta" AS "s"
UNION
SELECT
  CASE
    WHEN NOT ISFINITE("t"."business_date") OR "t"."business_date" < '0001-01-01'
    THEN '-'
    ELSE TO_CHAR("t"."business_date", 'YYYY-MM-DD')
  END
FROM "dwh"."orders" AS "t"
WHERE
  EXISTS(
    SELECT
      1
    FROM "staging"."orders__dponec_655da1bd_delta" AS "s"
    WHERE
      "t"."order_id" = "s"."order_id"
  )
  ) AS found (v);
  IF listed::jsonb @> '["-"]' THEN
    RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = 'affected rows lie before the year 1 or at infinity, where no partition has a name',
      HINT = 'nothing was changed; correct these values, or filter the rows out';
  END IF;
  IF listed::jsonb @> '[null]'::jsonb THEN
    RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = 'affected rows have NULL in the partition column',
      HINT = 'fill the column, filter the rows out, or say partition.nulls: own';
  END IF;
  IF affected > '64'::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP505',
      MESSAGE = format('%s partitions are affected, the plan allows %s', affected, '64'),
      HINT = 'nothing was changed; raise partition.max_partitions, or load in smaller windows';
  END IF;
  PERFORM set_config('dponec.partitions', listed, true);
END
$dponec$;
SELECT current_setting('dponec.partitions') AS partitions;
