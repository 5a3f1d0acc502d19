-- dponec state rewind: load orders_backfill_pg_to_pg
UPDATE "dwh"."dponec_state"
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = 'orders_backfill_pg_to_pg' AND phase IN ('idle', 'done') AND false
RETURNING watermark;
