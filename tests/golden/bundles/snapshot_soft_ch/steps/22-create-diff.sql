-- step create-diff
-- purpose: create the empty table (diff)
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-diff
-- why: to be filled
-- params: staging_diff
CREATE TABLE `dwh`.{staging_diff:Identifier} AS `dwh`.`orders_marked`
