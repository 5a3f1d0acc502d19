-- step move-partitions (query)
-- purpose: move each staged partition into the target
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: atomic per partition; a partition that was moved is gone from staging
-- params: staging_rows
SELECT DISTINCT partition_id FROM system.parts WHERE database = 'dwh' AND table = {staging_rows:String} AND active AND rows > 0 ORDER BY partition_id
