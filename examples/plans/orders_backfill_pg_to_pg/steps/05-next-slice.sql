-- step next-slice
-- purpose: take the first slice that is not recorded as loaded
-- engine: postgres (target)
-- idempotency: pure
-- why: what is loaded is recorded with its data, so an interrupted backfill goes on where it stopped
SELECT s.window_low, s.window_high, (count(*) OVER () - 1)::text AS slices_left
  FROM (VALUES
    (1, '2026-01-01', '2026-01-08'),
    (2, '2026-01-08', '2026-01-15'),
    (3, '2026-01-15', '2026-01-22'),
    (4, '2026-01-22', '2026-01-29'),
    (5, '2026-01-29', '2026-02-05'),
    (6, '2026-02-05', '2026-02-12'),
    (7, '2026-02-12', '2026-02-19'),
    (8, '2026-02-19', '2026-02-26'),
    (9, '2026-02-26', '2026-03-01')) AS s (number, window_low, window_high)
 WHERE NOT EXISTS (SELECT FROM "dwh"."dponec_slices" AS d
                    WHERE d.load = 'orders_backfill_pg_to_pg' AND d.backfill = 'incremental_merge by business_date: "public"."orders" into "dwh"."orders"'
                      AND d.window_low = s.window_low AND d.window_high = s.window_high)
 ORDER BY s.number
 LIMIT 1;
