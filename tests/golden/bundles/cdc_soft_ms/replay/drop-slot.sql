-- drop-slot.sql of load cdc_soft_ms, on the source
-- The slot is dropped only while nobody reads it. Everything that was not applied is lost: the next run of the load is refused
-- until its watermark is emptied (dponec state set LOAD ''), and then begins with a new copy.
SELECT pg_drop_replication_slot(s.slot_name) FROM pg_replication_slots AS s WHERE s.slot_name = 'dponec_cdc_soft_ms_f6c89cb8' AND NOT s.active;
