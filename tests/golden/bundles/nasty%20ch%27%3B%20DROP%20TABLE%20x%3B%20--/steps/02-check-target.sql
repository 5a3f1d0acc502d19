-- step check-target
-- purpose: refuse when the target is not what the plan was compiled for
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a dropped, retyped or added column would surface in the middle of the load
SELECT 'DP420' AS code, concat('column ', pair.1, ' is not there with type ', pair.2) AS detail, 1 AS count FROM (SELECT arrayJoin([('id; --', 'Int64'), ('k`ey', 'String'), ('st\'at;us', 'Nullable(String)'), ('up\'dated"at', 'DateTime64(6, \'UTC\')'), ('tab\t\\ $(id)', 'Nullable(String)')]) AS pair) WHERE pair NOT IN (SELECT name, type FROM system.columns WHERE database = 'd\'w;h' AND table = 'or"ders `$(id)` \\')
UNION ALL SELECT 'DP420' AS code, concat('column ', name, ' is new, and the plan does not fill it') AS detail, 1 AS count FROM system.columns WHERE database = 'd\'w;h' AND table = 'or"ders `$(id)` \\' AND name NOT IN ('id; --', 'k`ey', 'st\'at;us', 'up\'dated"at', 'tab\t\\ $(id)') AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL')
UNION ALL SELECT 'DP420' AS code, concat('partition_key is not \'toYYYYMM(`up\\\'dated"at`)\' but ', toString(any(`partition_key`))) AS detail, 1 AS count FROM system.tables WHERE database = 'd\'w;h' AND name = 'or"ders `$(id)` \\' HAVING replaceAll(any(`partition_key`), '`', '') != 'toYYYYMM(up\'dated"at)'
UNION ALL SELECT 'DP420' AS code, concat('sorting_key is not \'`id; --`, `k\\\\`ey`\' but ', toString(any(`sorting_key`))) AS detail, 1 AS count FROM system.tables WHERE database = 'd\'w;h' AND name = 'or"ders `$(id)` \\' HAVING replaceAll(any(`sorting_key`), '`', '') != 'id; --, k\\ey'
UNION ALL SELECT 'DP420' AS code, concat('engine is not \'MergeTree\' but ', toString(any(`engine`))) AS detail, 1 AS count FROM system.tables WHERE database = 'd\'w;h' AND name = 'or"ders `$(id)` \\' HAVING any(`engine`) != 'MergeTree'
