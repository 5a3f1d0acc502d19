-- step check-target
-- purpose: refuse when the target is not what the plan was compiled for
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a dropped, retyped or added column would surface in the middle of the load
SELECT 'DP420' AS code, concat('column ', pair.1, ' is not there with type ', pair.2) AS detail, 1 AS count FROM (SELECT arrayJoin([('id', 'Int64'), ('day', 'Date'), ('at', 'DateTime(\'UTC\')'), ('amount', 'Nullable(Decimal(18, 2))'), ('status', 'String')]) AS pair) WHERE pair NOT IN (SELECT name, type FROM system.columns WHERE database = 'made' AND table = 'ne`w \'orders')
UNION ALL SELECT 'DP420' AS code, concat('column ', name, ' is new, and the plan does not fill it') AS detail, 1 AS count FROM system.columns WHERE database = 'made' AND table = 'ne`w \'orders' AND name NOT IN ('id', 'day', 'at', 'amount', 'status') AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL')
UNION ALL SELECT 'DP420' AS code, concat('partition_key is not \'toYYYYMM(day)\' but ', toString(any(`partition_key`))) AS detail, 1 AS count FROM system.tables WHERE database = 'made' AND name = 'ne`w \'orders' HAVING any(`partition_key`) != 'toYYYYMM(day)'
UNION ALL SELECT 'DP420' AS code, concat('sorting_key is not \'id, day\' but ', toString(any(`sorting_key`))) AS detail, 1 AS count FROM system.tables WHERE database = 'made' AND name = 'ne`w \'orders' HAVING any(`sorting_key`) != 'id, day'
UNION ALL SELECT 'DP420' AS code, concat('engine is not \'MergeTree\' but ', toString(any(`engine`))) AS detail, 1 AS count FROM system.tables WHERE database = 'made' AND name = 'ne`w \'orders' HAVING any(`engine`) != 'MergeTree'
