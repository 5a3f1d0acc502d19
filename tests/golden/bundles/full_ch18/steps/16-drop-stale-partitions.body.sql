-- step drop-stale-partitions (body)
-- purpose: drop partitions that the source no longer has
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: they would be stale rows
-- params: staging_rows
ALTER TABLE `dwh`.`orders` DROP PARTITION ID {item:String}
