-- dponec state rewind: load append_ms_pg
UPDATE "dwh"."dponec_state"
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = 'append_ms_pg' AND phase IN ('idle', 'done') AND watermark <> '' AND true AND current_setting('dponec.watermark')::bigint < watermark::bigint
RETURNING watermark;
