-- dponec setup for load backfill_append_ch
-- the slices that backfills have loaded; without its row a slice is loaded again
-- run once by a DBA; `dponec run` never does it silently
CREATE TABLE IF NOT EXISTS `dwh`.`dponec_slices`
(
    load String,
    backfill String,
    window_low String,
    window_high String,
    run_id String,
    recorded_at DateTime
)
ENGINE = MergeTree
ORDER BY (load, backfill, window_low)
