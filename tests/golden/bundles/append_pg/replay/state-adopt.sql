-- dponec state adopt: load append_pg
INSERT INTO "dwh"."dponec_state" AS s (load, fence, adopted, watermark, target, source)
SELECT 'append_pg', 1, true, current_setting('dponec.watermark'), '"dwh"."events"', '"shop"."events" by "id"'
 WHERE (current_setting('dponec.watermark') = ''
       OR (true AND current_setting('dponec.watermark')::bigint IS NOT NULL))
ON CONFLICT (load) DO UPDATE
   SET adopted = true, phase = 'idle', fence = s.fence + 1, updated_at = clock_timestamp(),
       watermark = CASE WHEN excluded.watermark = '' AND NOT coalesce(s.target <> '"dwh"."events"' OR (s.watermark <> '' AND s.source <> '"shop"."events" by "id"'), false) THEN s.watermark ELSE excluded.watermark END,
       target = excluded.target, source = excluded.source
 WHERE s.phase IN ('idle', 'done')
RETURNING s.watermark;
