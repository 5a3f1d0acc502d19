-- step drop-emptied-partitions (body)
-- purpose: drop named partitions that the source has emptied
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: their old rows would stay for ever
-- params: partitions, staging_rows
ALTER TABLE `dwh`.`orders` DROP PARTITION ID {item:String} SETTINGS max_partition_size_to_drop = 0
