-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: postgres (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: window_low, window_high
SELECT CAST(COUNT(*) AS TEXT) AS source_rows, CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("id; --", CASE WHEN "id; --" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHTEXTEXTENDED(CAST(("k`ey") AS TEXT) COLLATE "C", 2), 2)) # (COALESCE(HASHTEXTEXTENDED(CAST(("st'at;us") AS TEXT) COLLATE "C", 3), 3) # (COALESCE(TIMESTAMP_HASH_EXTENDED("up'dated""at" AT TIME ZONE 'UTC', 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("tab	\ $(id)") AS TEXT) COLLATE "C", 5), 5))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) AS source_a, 'h1' AS source_b FROM "we""ird; --"."o'rders
$(touch x)" WHERE "up'dated""at" >= CAST(CURRENT_SETTING('dponec.window_low') AS timestamp with time zone) AND "up'dated""at" < CAST(CURRENT_SETTING('dponec.window_high') AS timestamp with time zone);
