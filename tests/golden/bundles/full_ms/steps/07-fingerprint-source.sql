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
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N') || COALESCE('V' || OCTET_LENGTH("v5") || ':' || "v5", 'N') || COALESCE('V' || OCTET_LENGTH("v6") || ':' || "v6", 'N') || COALESCE('V' || OCTET_LENGTH("v7") || ':' || "v7", 'N') || COALESCE('V' || OCTET_LENGTH("v8") || ':' || "v8", 'N') || COALESCE('V' || OCTET_LENGTH("v9") || ':' || "v9", 'N') || COALESCE('V' || OCTET_LENGTH("v10") || ':' || "v10", 'N') || COALESCE('V' || OCTET_LENGTH("v11") || ':' || "v11", 'N') || COALESCE('V' || OCTET_LENGTH("v12") || ':' || "v12", 'N') || COALESCE('V' || OCTET_LENGTH("v13") || ':' || "v13", 'N') || COALESCE('V' || OCTET_LENGTH("v14") || ':' || "v14", 'N') || COALESCE('V' || OCTET_LENGTH("v15") || ':' || "v15", 'N') || COALESCE('V' || OCTET_LENGTH("v16") || ':' || "v16", 'N') || COALESCE('V' || OCTET_LENGTH("v17") || ':' || "v17", 'N') || COALESCE('V' || OCTET_LENGTH("v18") || ':' || "v18", 'N') || COALESCE('V' || OCTET_LENGTH("v19") || ':' || "v19", 'N') || COALESCE('V' || OCTET_LENGTH("v20") || ':' || "v20", 'N')
    ) AS h
  FROM (
    SELECT
      CAST((
        CAST((
          "id"
        ) AS TEXT)
      ) AS TEXT) AS v0,
      CAST((
        CAST((
          "c_bit"
        ) AS INT)
      ) AS TEXT) AS v1,
      CAST((
        CAST((
          "c_tiny"
        ) AS TEXT)
      ) AS TEXT) AS v2,
      CAST((
        CAST((
          "c_small"
        ) AS TEXT)
      ) AS TEXT) AS v3,
      CAST((
        ROUND(CAST((
          "c_dec"
        ) AS DECIMAL), 10)
      ) AS TEXT) AS v4,
      CAST((
        ROUND(CAST((
          "c_money"
        ) AS DECIMAL), 4)
      ) AS TEXT) AS v5,
      CAST(ENCODE(FLOAT4SEND(CAST("c_real" AS real)), 'hex') AS TEXT) AS v6,
      CAST(ENCODE(FLOAT8SEND(CAST("c_float" AS double precision)), 'hex') AS TEXT) AS v7,
      CAST(CASE
        WHEN (
          TRIM(TRAILING ' ' FROM CAST((
            "c_char"
          ) AS TEXT))
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
                TRIM(TRAILING ' ' FROM CAST((
                  "c_char"
                ) AS TEXT))
              ), NULL) WITH ORDINALITY AS e(one, place)
            ) AS u
            ORDER BY
              u.place),
            ''
          )
        )
        ELSE '=' || (
          TRIM(TRAILING ' ' FROM CAST((
            "c_char"
          ) AS TEXT))
        )
      END AS TEXT) AS v8,
      CAST(CASE
        WHEN (
          CAST((
            "c_varchar"
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
                  "c_varchar"
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
            "c_varchar"
          ) AS TEXT)
        )
      END AS TEXT) AS v9,
      CAST(CASE
        WHEN (
          TRIM(TRAILING ' ' FROM CAST((
            "c_nchar"
          ) AS TEXT))
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
                TRIM(TRAILING ' ' FROM CAST((
                  "c_nchar"
                ) AS TEXT))
              ), NULL) WITH ORDINALITY AS e(one, place)
            ) AS u
            ORDER BY
              u.place),
            ''
          )
        )
        ELSE '=' || (
          TRIM(TRAILING ' ' FROM CAST((
            "c_nchar"
          ) AS TEXT))
        )
      END AS TEXT) AS v10,
      CAST(CASE
        WHEN (
          CAST((
            "c_text"
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
                  "c_text"
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
            "c_text"
          ) AS TEXT)
        )
      END AS TEXT) AS v11,
      CAST(ENCODE("c_bin", 'hex') AS TEXT) AS v12,
      CAST(TO_CHAR(CAST(CAST("c_date" AS TIMESTAMP) AS DATE), 'YYYY-MM-DD') AS TEXT) AS v13,
      CAST(TO_CHAR(
        CAST((
          CAST("c_time" AS time(6) without time zone)
        ) AS INTERVAL),
        'HH24:MI:SS.US'
      ) || '0' AS TEXT) AS v14,
      CAST(TO_CHAR(
        CASE
          WHEN ISFINITE(CAST("c_datetime" AS TIMESTAMP))
          THEN DATE_TRUNC('SECOND', CAST("c_datetime" AS TIMESTAMP)) + CAST((
            ROUND(
              (
                FLOOR(
                  CAST(EXTRACT(MICROSECONDS FROM CAST("c_datetime" AS TIMESTAMP)) AS DECIMAL) % 1000000 * 300 / 1000000 + 0.5
                )
              ) * 10 / 3
            )
          ) AS DOUBLE PRECISION) * INTERVAL '1 MILLISECOND'
          ELSE CAST("c_datetime" AS TIMESTAMP)
        END,
        'YYYY-MM-DD HH24:MI:SS.US'
      ) || '0' AS TEXT) AS v15,
      CAST(TO_CHAR(
        CASE
          WHEN ISFINITE(CAST("c_small_dt" AS TIMESTAMP))
          THEN DATE_TRUNC('MINUTE', CAST("c_small_dt" AS TIMESTAMP) + INTERVAL '30 SECONDS')
          ELSE CAST("c_small_dt" AS TIMESTAMP)
        END,
        'YYYY-MM-DD HH24:MI:SS.US'
      ) || '0' AS TEXT) AS v16,
      CAST(TO_CHAR(
        CAST(CAST("c_dt2" AS TIMESTAMP) AS timestamp(6) without time zone),
        'YYYY-MM-DD HH24:MI:SS.US'
      ) || '0' AS TEXT) AS v17,
      CAST(TO_CHAR(
        CAST((
          "c_dto"
        ) AT TIME ZONE 'UTC' AS timestamp(3) without time zone),
        'YYYY-MM-DD HH24:MI:SS.US'
      ) || '0' AS TEXT) AS v18,
      CAST((
        CAST("c_uuid" AS uuid)
      ) AS TEXT) AS v19,
      CAST(CASE
        WHEN (
          CAST((
            "c_json"
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
                  "c_json"
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
            "c_json"
          ) AS TEXT)
        )
      END AS TEXT) AS v20
    FROM "shop"."every_type"
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
