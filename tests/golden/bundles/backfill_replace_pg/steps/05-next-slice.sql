-- step next-slice
-- purpose: take the first slice that is not recorded as loaded
-- engine: postgres (target)
-- idempotency: pure
-- why: what is loaded is recorded with its data, so an interrupted backfill goes on where it stopped
SELECT s.window_low, s.window_high, (count(*) OVER () - 1)::text AS slices_left
  FROM (VALUES
    (1, '0', '1000'),
    (2, '1000', '2000'),
    (3, '2000', '2500')) AS s (number, window_low, window_high)
 WHERE NOT EXISTS (SELECT FROM "dwh"."dponec_slices" AS d
                    WHERE d.load = 'backfill_replace_pg' AND d.backfill = 'replace by id: "shop"."orders" into "dwh"."orders"'
                      AND d.window_low = s.window_low AND d.window_high = s.window_high)
 ORDER BY s.number
 LIMIT 1;
