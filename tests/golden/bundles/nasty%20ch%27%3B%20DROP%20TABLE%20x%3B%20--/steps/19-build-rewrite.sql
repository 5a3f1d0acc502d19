-- step build-rewrite
-- purpose: build the new content of every affected partition
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: target rows that stay (NULL keys too), and the staged rows
-- params: staging_rewrite, staging_rows
INSERT INTO `d'w;h`.{staging_rewrite:Identifier} (`id; --`, `k\`ey`, `st'at;us`, `up'dated"at`, `tab\t\\ $(id)`) SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0, insert_null_as_default = 0
SELECT `id; --`, `k\`ey`, `st'at;us`, `up'dated"at`, `tab\t\\ $(id)` FROM `d'w;h`.`or"ders \`$(id)\` \\` WHERE _partition_id IN (SELECT _partition_id FROM `d'w;h`.{staging_rows:Identifier} UNION ALL SELECT _partition_id FROM `d'w;h`.`or"ders \`$(id)\` \\` WHERE (`id; --`, `k\`ey`) IN (SELECT `id; --`, `k\`ey` FROM `d'w;h`.{staging_rows:Identifier})) AND (`id; --`, `k\`ey`) NOT IN (SELECT `id; --`, `k\`ey` FROM `d'w;h`.{staging_rows:Identifier}) AND throwIf((SELECT sum(rows) > (SELECT count() FROM `d'w;h`.`or"ders \`$(id)\` \\`) AND countIf(has_lightweight_delete OR startsWith(name, 'patch-')) = 0 FROM system.parts WHERE database = 'd\'w;h' AND table = 'or"ders `$(id)` \\' AND active), 'DP423: a row policy hides rows of the target from this user; they would be deleted unseen') = 0
UNION ALL SELECT `id; --`, `k\`ey`, `st'at;us`, `up'dated"at`, `tab\t\\ $(id)` FROM `d'w;h`.{staging_rows:Identifier}
