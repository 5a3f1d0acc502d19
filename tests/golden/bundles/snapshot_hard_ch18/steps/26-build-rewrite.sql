-- step build-rewrite
-- purpose: build the new content of every affected partition
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: target rows that stay (NULL keys too), and the staged rows
-- params: staging_rewrite, staging_diff, staging_missing
INSERT INTO `dwh`.{staging_rewrite:Identifier} (`id`, `day`, `at`, `amount`, `status`)
SELECT `id`, `day`, `at`, `amount`, `status` FROM `dwh`.`orders` WHERE _partition_id IN (SELECT _partition_id FROM `dwh`.{staging_diff:Identifier} UNION ALL SELECT _partition_id FROM `dwh`.`orders` WHERE `id` IN (SELECT `id` FROM `dwh`.{staging_diff:Identifier} UNION ALL SELECT `id` FROM `dwh`.{staging_missing:Identifier})) AND `id` NOT IN (SELECT `id` FROM `dwh`.{staging_diff:Identifier} UNION ALL SELECT `id` FROM `dwh`.{staging_missing:Identifier})
UNION ALL SELECT `id`, `day`, `at`, `amount`, `status` FROM `dwh`.{staging_diff:Identifier}
