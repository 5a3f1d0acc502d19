-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: partitions
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
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N')
    ) AS h
  FROM (
    SELECT
      CAST((
        CAST((
          "id"
        ) AS TEXT)
      ) AS TEXT) AS v0,
      CAST(TO_CHAR(CAST(CAST("day" AS TIMESTAMP) AS DATE), 'YYYY-MM-DD') AS TEXT) AS v1,
      CAST(TO_CHAR(
        CAST((
          "at"
        ) AT TIME ZONE 'UTC' AS timestamp(6) without time zone),
        'YYYY-MM-DD HH24:MI:SS.US'
      ) || '0' AS TEXT) AS v2,
      CAST((
        ROUND(CAST((
          "amount"
        ) AS DECIMAL), 2)
      ) AS TEXT) AS v3,
      CAST(CASE
        WHEN (
          CAST((
            "status"
          ) AS TEXT)
        ) COLLATE "C" ~ '[^ -~]'
        THEN '#' || UPPER(
          ARRAY_TO_STRING(
            ARRAY(SELECT
              CASE
                WHEN u.code < 65536
                THEN RIGHT(ENCODE(INT4SEND((
                  (
                    u.code & 255
                  ) << 8
                ) | (
                  u.code >> 8
                )), 'hex'), 4)
                ELSE RIGHT(
                  ENCODE(
                    INT4SEND(
                      (
                        (
                          (
                            u.code - 65536
                          ) >> 10 & 255
                        ) << 8
                      ) | (
                        216 + (
                          (
                            u.code - 65536
                          ) >> 18
                        )
                      )
                    ),
                    'hex'
                  ),
                  4
                ) || RIGHT(
                  ENCODE(
                    INT4SEND(
                      (
                        (
                          u.code & 255
                        ) << 8
                      ) | (
                        220 + (
                          (
                            u.code & 1023
                          ) >> 8
                        )
                      )
                    ),
                    'hex'
                  ),
                  4
                )
              END
            FROM (
              SELECT
                ASCII(e.one) AS code,
                e.place
              FROM STRING_TO_TABLE((
                CAST((
                  "status"
                ) AS TEXT)
              ), NULL) WITH ORDINALITY AS e(one, place)
            ) AS u
            ORDER BY
              u.place),
            ''
          )
        )
        ELSE '=' || (
          CAST((
            "status"
          ) AS TEXT)
        )
      END AS TEXT) AS v4
    FROM "shop"."orders"
    WHERE
      "day" >= (
        SELECT
          MIN(CAST(CAST(v AS TIMESTAMP) AS DATE))
        FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
      )
      AND "day" < (
        SELECT
          MAX(CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE))
        FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)
      )
      AND DATE_TRUNC('month', CAST("day" AS TIMESTAMP)) = ANY(
        ARRAY(SELECT
          CAST(v AS TIMESTAMP)
        FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v))
      )
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
