-- step check-not-lost
-- purpose: refuse to make a table anew whose rows the state remembers
-- engine: clickhouse (target)
-- idempotency: pure
-- why: an incremental load would go on behind its watermark, and what was loaded before would be missing for ever
SELECT 'DP435' AS code, 'the target is gone, and the state of this load says that rows were loaded into it' AS detail, 1 AS count FROM (SELECT count() AS there FROM system.tables WHERE database = 'made' AND name = 'ne`w \'orders') WHERE there = 0 AND (SELECT argMax(`watermark`, seq) FROM `made`.`dponec_state` WHERE load = 'create_ch') != ''
