-- step replace-partitions (query)
-- purpose: replace each staged partition
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: one partition a statement: each is atomic, and repeating it gives the same rows
-- params: staging_rows
SELECT DISTINCT partition_id FROM system.parts WHERE database = 'made' AND table = {staging_rows:String} AND active AND rows > 0 ORDER BY partition_id
