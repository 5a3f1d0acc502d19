-- step find-missing
-- purpose: collect keys that the source lacks
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-missing
-- why: they are counted before they go
-- params: staging_missing, staging_rows
INSERT INTO `dwh`.{staging_missing:Identifier} (`id`)
SELECT `id` FROM `dwh`.`orders` WHERE `id` NOT IN (SELECT `id` FROM `dwh`.{staging_rows:Identifier})
