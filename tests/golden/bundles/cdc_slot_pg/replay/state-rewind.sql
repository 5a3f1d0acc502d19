-- dponec state rewind: load cdc_slot_pg
UPDATE "dwh"."dponec_state"
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = 'cdc_slot_pg' AND phase IN ('idle', 'done') AND watermark <> '' AND true AND current_setting('dponec.watermark')::bigint < watermark::bigint
RETURNING watermark;
