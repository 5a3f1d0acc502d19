-- step check-null-keys
-- purpose: no key is NULL
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a NULL key matches nothing, so each load would add the row again
-- params: staging_rows
SELECT 'DP503' AS code, 'rows with a NULL key part' AS detail, found AS count FROM (SELECT count() AS found FROM `dwh`.{staging_rows:Identifier} WHERE 0) WHERE found > 0
