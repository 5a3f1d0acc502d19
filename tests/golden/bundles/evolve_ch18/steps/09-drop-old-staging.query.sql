-- step drop-old-staging (query)
-- purpose: drop staging of older attempts
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: a zombie of an older attempt must fail instead of moving its rows
-- params: run_id
SELECT name FROM system.tables WHERE database = 'dwh' AND startsWith(name, 'orders__dponec_ef8b591d_') AND NOT endsWith(name, replaceAll({run_id:String}, '-', '_')) ORDER BY name
