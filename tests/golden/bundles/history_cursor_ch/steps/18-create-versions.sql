-- step create-versions
-- purpose: create the empty table (versions)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-versions
-- why: to be filled
-- params: staging_versions
CREATE TABLE `dwh`.{staging_versions:Identifier} AS `dwh`.`order_history`
