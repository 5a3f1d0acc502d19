-- step await-cleared (query)
-- purpose: wait until the replaced rows have left the disk
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: this server shows them again, beside the new ones, when it restarts before that
SELECT 'DP436' AS code, concat('partition ', id, ': the server still keeps parts whose rows were replaced') AS detail, count FROM (SELECT partition_id AS id, groupArray((min_block_number, max_block_number, level, _state IN ('Outdated', 'Deleting') AND rows > 0, name)) AS parts, arrayCount(p -> p.4 AND NOT arrayExists(q -> q.1 <= p.1 AND q.2 >= p.2 AND q.3 >= p.3 AND q.5 != p.5, parts), parts) AS count FROM system.parts WHERE database = 'dwh' AND table = 'orders' AND engine NOT LIKE 'Replicated%' GROUP BY partition_id) WHERE count > 0 ORDER BY id LIMIT 1
