-- step replace-partitions (body)
-- purpose: replace each affected partition
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: one partition a statement: each is atomic, and repeating it gives the same rows
-- params: staging_rewrite
ALTER TABLE `dwh`.`order_history` REPLACE PARTITION ID {item:String} FROM `dwh`.{staging_rewrite:Identifier} SETTINGS max_partition_size_to_drop = 0, allow_replace_partition_from_empty_source = 0
