-- step replace-partitions (body)
-- purpose: replace each partition by the staged one
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: atomic per partition, and repeating it gives the same rows
-- params: staging_rows
ALTER TABLE `dwh`.`orders` REPLACE PARTITION ID {item:String} FROM `dwh`.{staging_rows:Identifier}
