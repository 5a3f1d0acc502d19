-- step drop-emptied-partitions (body)
-- purpose: drop partitions whose rows all moved or left
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: an empty replacement would be refused or ignored by some versions
-- params: staging_versions, staging_rewrite
ALTER TABLE `dwh`.`order_history` DROP PARTITION ID {item:String} SETTINGS max_partition_size_to_drop = 0
