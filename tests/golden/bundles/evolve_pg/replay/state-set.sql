-- dponec state set: load evolve_pg
UPDATE "dwh"."dponec_state"
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = 'evolve_pg' AND phase IN ('idle', 'done') AND (current_setting('dponec.watermark') = ''
       OR (current_setting('dponec.watermark') ~ '^[0-9+-]+[^a-zA-Z]*([tT][^a-zA-Z]+)?[zZ]?$' AND current_setting('dponec.watermark')::timestamp with time zone IS NOT NULL))
RETURNING watermark;
