-- dponec setup for load evolve_ch18
-- the append-only state table; the row with the highest seq of a load is its state
-- run once by a DBA; `dponec run` never does it silently
CREATE TABLE IF NOT EXISTS `dwh`.`dponec_state`
(
    `load` String,
    `seq` UInt64,
    `fence` UInt64,
    `lease_owner` String,
    `lease_until` String,
    `lease_backend` String,
    `lease_backend_start` String,
    `attempt` UInt64,
    `run_id` String,
    `phase` String,
    `fingerprint` String,
    `window_low` String,
    `window_high` String,
    `partitions` String,
    `rows_staged` UInt64,
    `digest` String,
    `watermark` String,
    `committed_run_id` String,
    `rows_applied` UInt64,
    `adopted` UInt8,
    `updated_at` DateTime,
    `staging_uuid` String,
    `target` String,
    `source` String,
    `rewritten` String
)
ENGINE = MergeTree
ORDER BY (load, seq)
