-- step collapse-left
-- purpose: keep the keys that are gone
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-left
-- why: the last change of a key wins, in commit order
-- params: staging_left, staging_changes, staging_rows
INSERT INTO `dwh`.{staging_left:Identifier} (`id`) SETTINGS async_insert = 0, insert_deduplicate = 0, insert_null_as_default = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0
SELECT `id` FROM (SELECT assumeNotNull(`id`) AS `id`, argMax(`__dponec_op`, `__dponec_order`) AS __dponec_last_op, argMax(`__dponec_kept`, `__dponec_order`) AS __dponec_last_kept, argMaxIf(tuple(`id`), `__dponec_order`, `__dponec_op` != 'D') AS `__dponec_v0`, countIf(`__dponec_op` != 'D') AS `__dponec_n0`, argMaxIf(tuple(`status`), `__dponec_order`, `__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',1,') = 0) AS `__dponec_v1`, countIf(`__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',1,') = 0) AS `__dponec_n1`, argMaxIf(tuple(`body`), `__dponec_order`, `__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',2,') = 0) AS `__dponec_v2`, countIf(`__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',2,') = 0) AS `__dponec_n2`, argMaxIf(tuple(`amount`), `__dponec_order`, `__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',3,') = 0) AS `__dponec_v3`, countIf(`__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',3,') = 0) AS `__dponec_n3`, argMaxIf(tuple(`at`), `__dponec_order`, `__dponec_op` != 'D') AS `__dponec_v4`, countIf(`__dponec_op` != 'D') AS `__dponec_n4`
FROM (SELECT * FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` NOT IN ('T', 'R') AND ((SELECT count() FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` IN ('T', 'R')) = 0 OR `__dponec_order` > (SELECT max(`__dponec_order`) FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` IN ('T', 'R'))))
GROUP BY `id`) WHERE __dponec_last_op = 'D' OR __dponec_last_kept != 't'
UNION ALL SELECT `id` FROM `dwh`.`notes` WHERE NOT (SELECT count() FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` IN ('T', 'R')) = 0 AND `id` NOT IN (SELECT `id` FROM `dwh`.{staging_rows:Identifier})
