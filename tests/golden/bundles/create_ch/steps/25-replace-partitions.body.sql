-- step replace-partitions (body)
-- purpose: replace each staged partition
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: one partition a statement: each is atomic, and repeating it gives the same rows
-- params: staging_rows
ALTER TABLE `made`.`ne\`w 'orders` REPLACE PARTITION ID {item:String} FROM `made`.{staging_rows:Identifier} SETTINGS max_partition_size_to_drop = 0, allow_replace_partition_from_empty_source = 0
