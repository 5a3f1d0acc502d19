-- step prove-versions
-- purpose: prove the histories
-- engine: clickhouse (target)
-- idempotency: pure
-- why: each staged row holds at its time, one version a key is open, and none overlap
-- params: staging_rows, staging_versions, staging_rewrite
SELECT 'DP510' AS code, 'staged rows are not what the target holds at their time' AS detail, found AS count FROM (SELECT (SELECT count() FROM `dwh`.{staging_rows:Identifier} WHERE (concat('V', toString(length(toString(`id`))), ':', toString(`id`)), CAST(`at` AS DateTime64(6, 'UTC'))) NOT IN (SELECT (dponec_key, dponec_at) FROM (
    SELECT concat('V', toString(length(toString(`id`))), ':', toString(`id`)) AS dponec_key, CAST(`at` AS DateTime64(6, 'UTC')) AS dponec_at, concat(concat('V', toString(length(toString(toInt32(`day`)))), ':', toString(toInt32(`day`))), if(isNull(`amount`), 'N', concat('V', toString(length(if(position(toString(assumeNotNull(`amount`)), '.') > 0, replaceRegexpOne(toString(assumeNotNull(`amount`)), '[.]?0+$', ''), toString(assumeNotNull(`amount`))))), ':', if(position(toString(assumeNotNull(`amount`)), '.') > 0, replaceRegexpOne(toString(assumeNotNull(`amount`)), '[.]?0+$', ''), toString(assumeNotNull(`amount`))))), concat('V', toString(length(toString(`status`))), ':', toString(`status`))) AS dponec_text FROM `dwh`.{staging_rows:Identifier}
  ) AS s INNER JOIN (
    SELECT concat('V', toString(length(toString(`id`))), ':', toString(`id`)) AS dponec_key, `valid_from` AS dponec_from, `valid_to` AS dponec_to, concat(concat('V', toString(length(toString(toInt32(`day`)))), ':', toString(toInt32(`day`))), if(isNull(`amount`), 'N', concat('V', toString(length(if(position(toString(assumeNotNull(`amount`)), '.') > 0, replaceRegexpOne(toString(assumeNotNull(`amount`)), '[.]?0+$', ''), toString(assumeNotNull(`amount`))))), ':', if(position(toString(assumeNotNull(`amount`)), '.') > 0, replaceRegexpOne(toString(assumeNotNull(`amount`)), '[.]?0+$', ''), toString(assumeNotNull(`amount`))))), concat('V', toString(length(toString(`status`))), ':', toString(`status`))) AS dponec_held FROM `dwh`.`order_history`
  ) AS t USING (dponec_key)
  WHERE dponec_from <= dponec_at AND (isNull(dponec_to) OR dponec_to > dponec_at) AND dponec_held = dponec_text)) AS found) WHERE found > 0
UNION ALL SELECT 'DP510' AS code, 'versions overlap, end before they begin, or are marked wrongly as current' AS detail, found AS count FROM (
  SELECT count() AS found FROM (
    SELECT `valid_from` AS dponec_begins, `valid_to` AS dponec_ends, `is_current` != 0 AS dponec_open,
      leadInFrame(toNullable(`valid_from`)) OVER (PARTITION BY concat('V', toString(length(toString(`id`))), ':', toString(`id`)) ORDER BY `valid_from`
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS dponec_next
    FROM `dwh`.`order_history` WHERE concat('V', toString(length(toString(`id`))), ':', toString(`id`)) IN (SELECT concat('V', toString(length(toString(`id`))), ':', toString(`id`)) FROM `dwh`.{staging_versions:Identifier})
  ) WHERE ifNull(dponec_begins >= dponec_ends, 0)
    OR ifNull(dponec_ends > dponec_next, 0) OR (isNull(dponec_ends) AND isNotNull(dponec_next))
    OR dponec_open != isNull(dponec_ends)
) WHERE found > 0
UNION ALL SELECT 'DP510' AS code, concat('partition ', id, ' does not hold its rewritten rows') AS detail, toUInt64(abs(difference)) AS count FROM (SELECT id, sum(n) AS difference FROM (SELECT toString(_partition_id) AS id, toInt64(count()) AS n FROM `dwh`.{staging_rewrite:Identifier} GROUP BY id UNION ALL SELECT toString(_partition_id) AS id, -toInt64(count()) AS n FROM `dwh`.`order_history` WHERE _partition_id IN (SELECT _partition_id FROM `dwh`.{staging_rewrite:Identifier}) GROUP BY id) GROUP BY id) WHERE difference != 0
