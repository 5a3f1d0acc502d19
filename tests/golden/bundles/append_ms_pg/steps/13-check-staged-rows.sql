-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows, source_a, source_b
DO $dponec$
#variable_conflict use_column
DECLARE
  staged bigint;
  found text;
BEGIN
  SELECT count(*), CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 1 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) || ':' || CAST(COALESCE(SUM(CAST(CAST((
  'x' || SUBSTRING(h FROM 9 FOR 8)
) AS BIT(32)) AS BIGINT)), 0) AS TEXT) INTO staged, found
    FROM (
  SELECT
    MD5(
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("s"."id" AS TEXT) AS v0,
      CAST("s"."kind" AS TEXT) AS v1,
      CASE
        WHEN "s"."at" IS NULL
        THEN NULL
        WHEN ISFINITE("s"."at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "s"."at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "s"."at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v2
    FROM "dwh"."events__dponec_151a1a97_rows" AS "s"
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
  IF staged <> current_setting('dponec.source_rows')::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP501',
      MESSAGE = format('the source sent %s rows, staging holds %s', current_setting('dponec.source_rows'), staged),
      HINT = 'nothing reached the target; run again';
  END IF;
  IF found IS DISTINCT FROM current_setting('dponec.source_a') || ':' || current_setting('dponec.source_b') THEN
    RAISE EXCEPTION USING ERRCODE = 'DP501',
      MESSAGE = 'staging holds as many rows as the source sent, and not the same ones',
      HINT = 'a value changed on its way: see types.md of this plan for the columns that may lose something';
  END IF;
  PERFORM set_config('dponec.proved_rows', concat_ws(' ', staged, found), true);
END
$dponec$;
