-- dponec state set: load cdc_slot_pg
UPDATE "dwh"."dponec_state"
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = 'cdc_slot_pg' AND phase IN ('idle', 'done') AND (current_setting('dponec.watermark') = ''
       OR (true AND current_setting('dponec.watermark')::bigint IS NOT NULL))
RETURNING watermark;
