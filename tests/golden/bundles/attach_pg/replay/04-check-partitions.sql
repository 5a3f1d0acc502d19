-- step check-partitions
-- purpose: refuse a list of partitions that is empty, too long, or names what is no partition
-- engine: postgres (target)
-- idempotency: pure
-- why: a wrong value would replace nothing, or another partition than the one that was meant
-- params: partitions
DO $dponec$
DECLARE
  listed jsonb;
  v text;
  good boolean;
BEGIN
  listed := coalesce(nullif(current_setting('dponec.partitions'), ''), '[]')::jsonb;
  IF jsonb_typeof(listed) <> 'array' OR jsonb_array_length(listed) = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = 'no partition is named', HINT = 'name each with --partition';
  END IF;
  IF jsonb_array_length(listed) > '64'::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP505',
      MESSAGE = format('%s partitions are named, the plan allows %s', jsonb_array_length(listed), '64'),
      HINT = 'nothing was changed; raise partition.max_partitions, or name fewer';
  END IF;
  FOR v IN SELECT e.v FROM jsonb_array_elements_text(listed) AS e (v) LOOP
    BEGIN
      good := TO_CHAR(DATE_TRUNC('month', CAST(CAST(CAST(v AS TIMESTAMP) AS DATE) AS TIMESTAMP)), 'YYYY-MM-DD') = v;
    EXCEPTION WHEN data_exception THEN
      good := false;
    END;
    IF good IS NOT TRUE THEN
      RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = format('%L is no partition: %s', v, 'write the first day of the month, YYYY-MM-01'),
        HINT = 'nothing was changed; name each partition by its own value';
    END IF;
  END LOOP;
END
$dponec$;
