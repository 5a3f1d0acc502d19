-- step fingerprint-source
-- purpose: count what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: partitions
SELECT CAST(COUNT(*) AS TEXT) AS source_rows, '' AS source_a, '' AS source_b FROM "we""ird; --"."o'rders
$(touch x)" WHERE "up'dated""at" >= (SELECT MIN((CAST(v AS TIMESTAMP)) AT TIME ZONE 'UTC') FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)) AND "up'dated""at" < (SELECT MAX((CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL)) AT TIME ZONE 'UTC') FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)) AND DATE_TRUNC('month', "up'dated""at" AT TIME ZONE 'UTC') = ANY(ARRAY(SELECT CAST(v AS TIMESTAMP) FROM JSONB_ARRAY_ELEMENTS_TEXT(CAST(CURRENT_SETTING('dponec.partitions') AS JSONB)) AS e(v)));
