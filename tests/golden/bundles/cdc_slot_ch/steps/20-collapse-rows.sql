-- step collapse-rows
-- purpose: keep the last row of each key that lives
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: the last change of a key wins, in commit order
-- params: staging_rows, staging_changes
INSERT INTO `dwh`.{staging_rows:Identifier} (`id`, `status`, `body`, `amount`, `at`) SETTINGS async_insert = 0, insert_deduplicate = 0, insert_null_as_default = 0, max_partitions_per_insert_block = 0, optimize_on_insert = 0
SELECT `id`, if(`__dponec_n1` > 0, tupleElement(`__dponec_v1`, 1), `__dponec_t_status`), if(`__dponec_n2` > 0, tupleElement(`__dponec_v2`, 1), `__dponec_t_body`), if(`__dponec_n3` > 0, tupleElement(`__dponec_v3`, 1), `__dponec_t_amount`), tupleElement(`__dponec_v4`, 1)
FROM (SELECT assumeNotNull(`id`) AS `id`, argMax(`__dponec_op`, `__dponec_order`) AS __dponec_last_op, argMax(`__dponec_kept`, `__dponec_order`) AS __dponec_last_kept, argMaxIf(tuple(`id`), `__dponec_order`, `__dponec_op` != 'D') AS `__dponec_v0`, countIf(`__dponec_op` != 'D') AS `__dponec_n0`, argMaxIf(tuple(`status`), `__dponec_order`, `__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',1,') = 0) AS `__dponec_v1`, countIf(`__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',1,') = 0) AS `__dponec_n1`, argMaxIf(tuple(`body`), `__dponec_order`, `__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',2,') = 0) AS `__dponec_v2`, countIf(`__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',2,') = 0) AS `__dponec_n2`, argMaxIf(tuple(`amount`), `__dponec_order`, `__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',3,') = 0) AS `__dponec_v3`, countIf(`__dponec_op` != 'D' AND position(`__dponec_unchanged`, ',3,') = 0) AS `__dponec_n3`, argMaxIf(tuple(`at`), `__dponec_order`, `__dponec_op` != 'D') AS `__dponec_v4`, countIf(`__dponec_op` != 'D') AS `__dponec_n4`
FROM (SELECT * FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` NOT IN ('T', 'R') AND ((SELECT count() FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` IN ('T', 'R')) = 0 OR `__dponec_order` > (SELECT max(`__dponec_order`) FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` IN ('T', 'R'))))
GROUP BY `id`) AS w
ANY LEFT JOIN (SELECT `id` AS `id`, `status` AS `__dponec_t_status`, `body` AS `__dponec_t_body`, `amount` AS `__dponec_t_amount` FROM `dwh`.`notes` WHERE `id` IN (SELECT assumeNotNull(`id`) FROM (SELECT * FROM `dwh`.{staging_changes:Identifier} WHERE `__dponec_op` NOT IN ('T', 'R')))) AS t USING (`id`)
WHERE __dponec_last_op != 'D' AND __dponec_last_kept = 't'
