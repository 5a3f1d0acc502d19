-- step find-partitions
-- purpose: find the affected partitions
-- engine: clickhouse (target)
-- idempotency: pure
-- why: those of the changed rows, and those where the changed keys live now
-- params: staging_delta
SELECT concat('[', arrayStringConcat(arrayConcat(arrayMap(x -> 'null', range(toUInt64(max(unknown)))), arrayMap(x -> concat('"', x, '"'), arraySort(groupUniqArrayIf(replaceAll(replaceAll(v, '\\', '\\\\'), '"', '\\"'), unknown = 0)))), ','), ']') AS partitions FROM (SELECT concat(substring(toString(`day`), 1, 7), '-01') AS v, 0 AS unknown FROM `dwh`.{staging_delta:Identifier} UNION ALL SELECT concat(substring(toString(`day`), 1, 7), '-01') AS v, 0 AS unknown FROM `dwh`.`orders` WHERE (`id`, `day`) IN (SELECT `id`, `day` FROM `dwh`.{staging_delta:Identifier})) HAVING throwIf(uniqExactIf(v, unknown = 0) + max(unknown) > 64, 'DP505: more partitions are affected than max_partitions allows') = 0 AND throwIf(0, 'DP502: no partition is affected, the source gave no row') = 0 AND throwIf(max(unknown) = 1, 'DP506: affected rows have NULL in the partition column') = 0
