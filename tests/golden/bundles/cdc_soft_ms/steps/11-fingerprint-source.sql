-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: watermark, window_low, window_high
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
      COALESCE('V' || OCTET_LENGTH("v0") || ':' || "v0", 'N') || COALESCE('V' || OCTET_LENGTH("v1") || ':' || "v1", 'N') || COALESCE('V' || OCTET_LENGTH("v2") || ':' || "v2", 'N') || COALESCE('V' || OCTET_LENGTH("v3") || ':' || "v3", 'N') || COALESCE('V' || OCTET_LENGTH("v4") || ':' || "v4", 'N') || COALESCE('V' || OCTET_LENGTH("v5") || ':' || "v5", 'N') || COALESCE('V' || OCTET_LENGTH("v6") || ':' || "v6", 'N') || COALESCE('V' || OCTET_LENGTH("v7") || ':' || "v7", 'N') || COALESCE('V' || OCTET_LENGTH("v8") || ':' || "v8", 'N') || COALESCE('V' || OCTET_LENGTH("v9") || ':' || "v9", 'N')
    ) AS h
  FROM (
    SELECT
      CAST((
        CAST((
          "id"
        ) AS TEXT)
      ) AS TEXT) AS v0,
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
      END AS TEXT) AS v1,
      CAST(CASE
        WHEN (
          CAST((
            "body"
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
                  "body"
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
            "body"
          ) AS TEXT)
        )
      END AS TEXT) AS v2,
      CAST((
        ROUND(CAST((
          "amount"
        ) AS DECIMAL), 2)
      ) AS TEXT) AS v3,
      CAST(TO_CHAR(
        CAST((
          "at"
        ) AT TIME ZONE 'UTC' AS timestamp(6) without time zone),
        'YYYY-MM-DD HH24:MI:SS.US'
      ) || '0' AS TEXT) AS v4,
      CAST(CASE
        WHEN (
          CAST((
            CAST((
              "__dponec_op"
            ) AS text)
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
                  CAST((
                    "__dponec_op"
                  ) AS text)
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
            CAST((
              "__dponec_op"
            ) AS text)
          ) AS TEXT)
        )
      END AS TEXT) AS v5,
      CAST((
        CAST((
          CAST((
            "__dponec_order"
          ) AS bigint)
        ) AS TEXT)
      ) AS TEXT) AS v6,
      CAST(CASE
        WHEN (
          CAST((
            CAST((
              CASE WHEN ("status" <> 'draft') THEN 't' ELSE 'f' END
            ) AS text)
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
              FROM STRING_TO_TABLE(
                (
                  CAST((
                    CAST((
                      CASE WHEN ("status" <> 'draft') THEN 't' ELSE 'f' END
                    ) AS text)
                  ) AS TEXT)
                ),
                NULL
              ) WITH ORDINALITY AS e(one, place)
            ) AS u
            ORDER BY
              u.place),
            ''
          )
        )
        ELSE '=' || (
          CAST((
            CAST((
              CASE WHEN ("status" <> 'draft') THEN 't' ELSE 'f' END
            ) AS text)
          ) AS TEXT)
        )
      END AS TEXT) AS v7,
      CAST(CASE
        WHEN (
          CAST((
            CAST((
              "__dponec_unchanged"
            ) AS text)
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
              FROM STRING_TO_TABLE(
                (
                  CAST((
                    CAST((
                      "__dponec_unchanged"
                    ) AS text)
                  ) AS TEXT)
                ),
                NULL
              ) WITH ORDINALITY AS e(one, place)
            ) AS u
            ORDER BY
              u.place),
            ''
          )
        )
        ELSE '=' || (
          CAST((
            CAST((
              "__dponec_unchanged"
            ) AS text)
          ) AS TEXT)
        )
      END AS TEXT) AS v8,
      CAST((
        CAST((
          "__dponec_old_0"
        ) AS TEXT)
      ) AS TEXT) AS v9
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
    OFFSET 0
  ) AS v
  OFFSET 0
) AS d;
