-- step replace-partitions (query)
-- purpose: replace each partition by the staged one
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: atomic per partition, and repeating it gives the same rows
-- params: staging_rows
SELECT DISTINCT partition_id FROM system.parts WHERE database = 'dwh' AND table = {staging_rows:String} AND active AND rows > 0 ORDER BY partition_id
