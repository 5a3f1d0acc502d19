-- step move-partitions (body)
-- purpose: move each staged partition into the target
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: atomic per partition; a partition that was moved is gone from staging
-- params: staging_rows
ALTER TABLE `dwh`.{staging_rows:Identifier} MOVE PARTITION ID {item:String} TO TABLE `dwh`.`events`
