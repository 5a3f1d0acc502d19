-- dponec state rewind: load backfill_replace_pg
UPDATE "dwh"."dponec_state"
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = 'backfill_replace_pg' AND phase IN ('idle', 'done') AND false
RETURNING watermark;
