-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
SELECT
  CAST(COUNT(*) AS TEXT) AS source_rows,
  CAST(COALESCE(SUM(CAST(CAST((
    'x' || SUBSTRING(h FROM 1 FOR 8)
  ) AS BIT(32)) AS BIGINT)), 0) AS TEXT) AS source_a,
  CAST(COALESCE(SUM(CAST(CAST((
    'x' || SUBSTRING(h FROM 9 FOR 8)
  ) AS BIT(32)) AS BIGINT)), 0) AS TEXT) AS source_b
FROM (
  SELECT
    MD5(
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("id" AS TEXT) AS v0,
      CAST("note" AS TEXT) AS v1,
      CASE
        WHEN "at" IS NULL
        THEN NULL
        WHEN ISFINITE("at")
        THEN CAST(CAST((
          EXTRACT(EPOCH FROM "at") * 1000000
        ) AS BIGINT) AS TEXT)
        WHEN "at" > '2000-01-01'
        THEN 'infinity'
        ELSE '-infinity'
      END AS v2
    FROM "public"."orders"
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
