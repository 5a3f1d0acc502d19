-- dponec state rewind: load no_catalog
UPDATE "dwh"."dponec_state"
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = 'no_catalog' AND phase IN ('idle', 'done') AND false
RETURNING watermark;
