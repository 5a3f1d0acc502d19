-- dponec state adopt: load orders_full_pg_to_pg
INSERT INTO "dwh"."dponec_state" AS s (load, fence, adopted, watermark, target)
SELECT 'orders_full_pg_to_pg', 1, true, current_setting('dponec.watermark'), '"dwh"."orders"'
 WHERE current_setting('dponec.watermark') = ''
ON CONFLICT (load) DO UPDATE
   SET adopted = true, phase = 'idle', fence = s.fence + 1, updated_at = clock_timestamp(),
       watermark = CASE WHEN excluded.watermark = '' AND NOT coalesce(s.target <> '"dwh"."orders"', false) THEN s.watermark ELSE excluded.watermark END,
       target = excluded.target
 WHERE s.phase IN ('idle', 'done')
RETURNING s.watermark;
