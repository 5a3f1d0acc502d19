-- step replace-partitions (query)
-- purpose: replace each affected partition
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: one partition a statement: each is atomic, and repeating it gives the same rows
-- params: staging_rewrite
SELECT DISTINCT partition_id FROM system.parts WHERE database = 'dwh' AND table = {staging_rewrite:String} AND active AND rows > 0 ORDER BY partition_id
