-- step create-rewrite
-- purpose: create the rewrite table in the target's shape
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: its partitions will replace the target's
-- params: staging_rewrite
CREATE TABLE `dwh`.{staging_rewrite:Identifier} AS `dwh`.`orders`
