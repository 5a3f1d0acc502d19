-- step build-rewrite
-- purpose: build the new content of every affected partition
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: target rows that stay (NULL keys too), and the staged rows
-- params: staging_rewrite, staging_rows
INSERT INTO `dwh`.{staging_rewrite:Identifier} (`id`, `day`, `at`, `amount`, `status`) SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0, insert_null_as_default = 0
SELECT `id`, `day`, `at`, `amount`, `status` FROM `dwh`.`orders` WHERE _partition_id IN (SELECT _partition_id FROM `dwh`.{staging_rows:Identifier} UNION ALL SELECT _partition_id FROM `dwh`.`orders` WHERE (`id`, `day`) IN (SELECT `id`, `day` FROM `dwh`.{staging_rows:Identifier})) AND (`id`, `day`) NOT IN (SELECT `id`, `day` FROM `dwh`.{staging_rows:Identifier}) AND throwIf((SELECT sum(rows) > (SELECT count() FROM `dwh`.`orders`) AND countIf(has_lightweight_delete OR startsWith(name, 'patch-')) = 0 FROM system.parts WHERE database = 'dwh' AND table = 'orders' AND active), 'DP423: a row policy hides rows of the target from this user; they would be deleted unseen') = 0
UNION ALL SELECT `id`, `day`, `at`, `amount`, `status` FROM `dwh`.{staging_rows:Identifier}
