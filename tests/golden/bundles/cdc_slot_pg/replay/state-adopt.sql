-- dponec state adopt: load cdc_slot_pg
INSERT INTO "dwh"."dponec_state" AS s (load, fence, adopted, watermark, target, source)
SELECT 'cdc_slot_pg', 1, true, current_setting('dponec.watermark'), '"dwh"."notes"', '"shop"."notes" by commit'
 WHERE (current_setting('dponec.watermark') = ''
       OR (true AND current_setting('dponec.watermark')::bigint IS NOT NULL))
ON CONFLICT (load) DO UPDATE
   SET adopted = true, phase = 'idle', fence = s.fence + 1, updated_at = clock_timestamp(),
       watermark = CASE WHEN excluded.watermark = '' AND NOT coalesce(s.target <> '"dwh"."notes"' OR (s.watermark <> '' AND s.source <> '"shop"."notes" by commit'), false) THEN s.watermark ELSE excluded.watermark END,
       target = excluded.target, source = excluded.source
 WHERE s.phase IN ('idle', 'done')
RETURNING s.watermark;
