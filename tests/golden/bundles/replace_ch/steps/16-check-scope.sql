-- step check-scope
-- purpose: every staged row lies in the scope
-- engine: clickhouse (target)
-- idempotency: pure
-- why: a row outside would be added to rows that stay
-- params: staging_rows
SELECT 'DP514' AS code, 'staged rows lie outside of the scope' AS detail, found AS count FROM (SELECT count() AS found FROM `dwh`.{staging_rows:Identifier} WHERE NOT (`day` >= toDate32('2026-01-01') AND `day` < toDate32('2026-02-01'))) WHERE found > 0
