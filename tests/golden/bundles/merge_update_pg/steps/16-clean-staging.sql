-- step clean-staging
-- purpose: drop the staged rows that the declared policies drop
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: null_keys: skip, staging_duplicates: latest
DO $dponec$
#variable_conflict use_column
DECLARE
  affected bigint;
BEGIN
  DELETE FROM "staging"."orders__dponec_9015add8_rows"
WHERE
  "id" IS NULL OR "day" IS NULL;
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_null_keys', affected::text, true);
  DELETE FROM "staging"."orders__dponec_9015add8_rows" AS d USING (
    SELECT ctid AS place, rank() OVER (PARTITION BY "id", "day" ORDER BY "at" DESC NULLS LAST) AS n
      FROM "staging"."orders__dponec_9015add8_rows"
  ) AS r WHERE d.ctid = r.place AND r.n > 1;
  GET DIAGNOSTICS affected = ROW_COUNT;
  PERFORM set_config('dponec.rows_duplicate', affected::text, true);
END
$dponec$;
SELECT coalesce(nullif(current_setting('dponec.rows_null_keys', true), ''), '0') AS rows_null_keys,
       coalesce(nullif(current_setting('dponec.rows_duplicate', true), ''), '0') AS rows_duplicate;
