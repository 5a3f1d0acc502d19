-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: postgres (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, run_id, fence
COPY (
SELECT CAST(ARRAY_TO_JSON(CAST(ARRAY[CAST((CAST(("id; --") AS TEXT)) AS TEXT), CAST((CAST(("k`ey") AS TEXT)) AS TEXT), CAST((CAST(("st'at;us") AS TEXT)) AS TEXT), CAST((CAST(("up'dated""at") AT TIME ZONE 'UTC' AS timestamp(6) without time zone)) AS TEXT) || '+00:00', CAST((CAST(("tab	\ $(id)") AS TEXT)) AS TEXT)] AS TEXT[])) AS TEXT) AS line FROM "we""ird; --"."o'rders
$(touch x)" WHERE "up'dated""at" >= (SELECT MIN((CAST(v AS TIMESTAMP)) AT TIME ZONE 'UTC') FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)) AND "up'dated""at" < (SELECT MAX((CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL)) AT TIME ZONE 'UTC') FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)) AND DATE_TRUNC('month', "up'dated""at" AT TIME ZONE 'UTC') = ANY(ARRAY(SELECT CAST(v AS TIMESTAMP) FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)))
) TO STDOUT (FORMAT text, ENCODING 'UTF8');
