-- step create-rows
-- purpose: create the empty staging table (rows)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: rows are proved in staging before the target is touched
-- params: staging_rows
CREATE TABLE `dwh`.{staging_rows:Identifier} AS `dwh`.`orders`
