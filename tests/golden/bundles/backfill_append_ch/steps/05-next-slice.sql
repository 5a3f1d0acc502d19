-- step next-slice
-- purpose: take the first slice that is not recorded as loaded
-- engine: clickhouse (target)
-- idempotency: pure
-- why: what is loaded is recorded with its data, so an interrupted backfill goes on where it stopped
SELECT argMin(low, at) AS window_low, argMin(high, at) AS window_high, toString(count() - 1) AS slices_left
FROM (SELECT slice.1 AS at, slice.2 AS low, slice.3 AS high FROM (SELECT arrayJoin([
(1, '2026-01-01 00:00:00.000000+00:00', '2026-01-01 06:00:00.000000+00:00'),
(2, '2026-01-01 06:00:00.000000+00:00', '2026-01-01 12:00:00.000000+00:00'),
(3, '2026-01-01 12:00:00.000000+00:00', '2026-01-01 18:00:00.000000+00:00'),
(4, '2026-01-01 18:00:00.000000+00:00', '2026-01-02 00:00:00.000000+00:00'),
(5, '2026-01-02 00:00:00.000000+00:00', '2026-01-02 01:00:00.000000+00:00')
]) AS slice))
WHERE (low, high) NOT IN (SELECT window_low, window_high FROM `dwh`.`dponec_slices` WHERE load = 'backfill_append_ch' AND backfill = 'incremental_append by at: "shop"."events" into "dwh"."events"')
HAVING count() > 0
