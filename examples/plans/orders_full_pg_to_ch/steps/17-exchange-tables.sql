-- step exchange-tables
-- purpose: swap target and staging
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: readers see the old table or the new one, never a mix
-- params: staging_rows
EXCHANGE TABLES `dwh`.`orders` AND `dwh`.{staging_rows:Identifier}
