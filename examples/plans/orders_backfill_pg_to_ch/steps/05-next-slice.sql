-- step next-slice
-- purpose: take the first slice that is not recorded as loaded
-- engine: clickhouse (target)
-- idempotency: pure
-- why: what is loaded is recorded with its data, so an interrupted backfill goes on where it stopped
SELECT argMin(low, at) AS window_low, argMin(high, at) AS window_high, toString(count() - 1) AS slices_left
FROM (SELECT slice.1 AS at, slice.2 AS low, slice.3 AS high FROM (SELECT arrayJoin([
(1, '2026-01-01', '2026-02-15'),
(2, '2026-02-15', '2026-04-01')
]) AS slice))
WHERE (low, high) NOT IN (SELECT window_low, window_high FROM `dwh`.`dponec_slices` WHERE load = 'orders_backfill_pg_to_ch' AND backfill = 'partition_replace by business_date: "public"."orders" into "dwh"."orders"')
HAVING count() > 0
