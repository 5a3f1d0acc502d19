-- dponec state adopt: load nasty'; DROP TABLE x; -- $(id) `id` 😀
INSERT INTO "d'w;h"."dponec_state" AS s (load, fence, adopted, watermark, target, source)
SELECT 'nasty''; DROP TABLE x; -- $(id) `id` 😀', 1, true, current_setting('dponec.watermark'), '"d''w;h"."or""ders `$(id)`"', '"we""ird; --"."o''rders
$(touch x)" by "up''dated""at"'
 WHERE (current_setting('dponec.watermark') = ''
       OR (current_setting('dponec.watermark') ~ '^[0-9+-]+[^a-zA-Z]*([tT][^a-zA-Z]+)?[zZ]?$' AND current_setting('dponec.watermark')::timestamp with time zone IS NOT NULL))
ON CONFLICT (load) DO UPDATE
   SET adopted = true, phase = 'idle', fence = s.fence + 1, updated_at = clock_timestamp(),
       watermark = CASE WHEN excluded.watermark = '' AND NOT coalesce(s.target <> '"d''w;h"."or""ders `$(id)`"' OR (s.watermark <> '' AND s.source <> '"we""ird; --"."o''rders
$(touch x)" by "up''dated""at"'), false) THEN s.watermark ELSE excluded.watermark END,
       target = excluded.target, source = excluded.source
 WHERE s.phase IN ('idle', 'done')
RETURNING s.watermark;
