-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: window_low, window_high
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
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N') || COALESCE('V' || OCTET_LENGTH("v5") || ':' || "v5", 'N') || COALESCE('V' || OCTET_LENGTH("v6") || ':' || "v6", 'N') || COALESCE('V' || OCTET_LENGTH("v7") || ':' || "v7", 'N') || COALESCE('V' || OCTET_LENGTH("v8") || ':' || "v8", 'N')
    ) AS h
  FROM (
    SELECT
      CAST("id" AS TEXT) AS v0,
      CAST("status" AS TEXT) AS v1,
      CAST("body" AS TEXT) AS v2,
      CAST(TRIM_SCALE("amount") AS TEXT) AS v3,
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
      END AS v4,
      CAST(CAST(CAST(CAST((
        CASE LOWER(CAST("op" AS TEXT))
          WHEN 'i'
          THEN 'I'
          WHEN 'insert'
          THEN 'I'
          WHEN 'c'
          THEN 'I'
          WHEN 'create'
          THEN 'I'
          WHEN 'r'
          THEN 'I'
          WHEN 'read'
          THEN 'I'
          WHEN 'u'
          THEN 'U'
          WHEN 'update'
          THEN 'U'
          WHEN 'd'
          THEN 'D'
          WHEN 'delete'
          THEN 'D'
          WHEN 't'
          THEN 'T'
          WHEN 'truncate'
          THEN 'T'
          ELSE COALESCE(CAST("op" AS TEXT), '')
        END
      ) AS text) AS TEXT) AS text) AS TEXT) AS v5,
      CAST(CAST(CAST(CAST((
        "seq"
      ) AS bigint) AS TEXT) AS bigint) AS TEXT) AS v6,
      CAST(CAST(CAST(CAST((
        CASE WHEN (
          "status" <> 'draft'
        ) THEN 't' ELSE 'f' END
      ) AS text) AS TEXT) AS text) AS TEXT) AS v7,
      CAST(CAST(CAST(CAST((
        ''
      ) AS text) AS TEXT) AS text) AS TEXT) AS v8
    FROM "shop"."note_changes"
    WHERE
      "seq" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
      AND "seq" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
