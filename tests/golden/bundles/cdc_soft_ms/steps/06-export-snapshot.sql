-- step export-snapshot
-- purpose: first run only: export the snapshot that the initial copy reads
-- engine: postgres (source)
-- idempotency: pure
-- why: a change is either in the snapshot or after it in the slot, never in both and never in neither
CREATE_REPLICATION_SLOT "dponec_cdc_soft_ms_f6c89cb8_copy" TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT;
