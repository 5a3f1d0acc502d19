-- step drop-emptied-partitions (query)
-- purpose: drop partitions whose rows all moved or left
-- engine: clickhouse (target)
-- idempotency: idempotent-as-a-unit, repeat from clear-rewrite
-- why: an empty replacement would be refused or ignored by some versions
-- params: staging_versions, staging_rewrite
SELECT DISTINCT _partition_id FROM `dwh`.`order_history` WHERE `id` IN (SELECT `id` FROM `dwh`.{staging_versions:Identifier}) AND _partition_id NOT IN (SELECT _partition_id FROM `dwh`.{staging_rewrite:Identifier}) AND throwIf((SELECT count() FROM `dwh`.{staging_rewrite:Identifier}) < (SELECT count() FROM `dwh`.{staging_versions:Identifier}), 'DP510: staging does not hold the rows that were recorded') = 0 ORDER BY _partition_id
