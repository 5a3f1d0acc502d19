-- dponec state adopt: load backfill_replace_pg
INSERT INTO "dwh"."dponec_state" AS s (load, fence, adopted, watermark)
SELECT 'backfill_replace_pg', 1, true, current_setting('dponec.watermark')
 WHERE current_setting('dponec.watermark') = ''
ON CONFLICT (load) DO UPDATE
   SET adopted = true, phase = 'idle', fence = s.fence + 1, updated_at = clock_timestamp(),
       watermark = CASE WHEN excluded.watermark = '' THEN s.watermark ELSE excluded.watermark END
 WHERE s.phase IN ('idle', 'done')
RETURNING s.watermark;
