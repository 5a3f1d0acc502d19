-- step exchange-tables (guard: answers 1 when the step is already done)
-- purpose: swap target and staging
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: readers see the old table or the new one, never a mix
-- params: staging_rows
SELECT if(count() > 0, '1', '0') FROM system.tables WHERE database = 'dwh' AND name = 'orders' AND toString(uuid) = (SELECT argMax(`staging_uuid`, seq) FROM `dwh`.`dponec_state` WHERE load = 'orders_full_pg_to_ch')
