-- step freeze-instant
-- purpose: read the source's clock once
-- engine: postgres (source)
-- idempotency: pure
-- why: whoever finishes this attempt must stamp rows with the same instant
SELECT '' AS window_low,
       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00' AS window_high;
