-- step drop-old-staging (query)
-- purpose: drop staging of older attempts
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: a zombie of an older attempt must fail instead of moving its rows
-- params: run_id
SELECT name FROM system.tables WHERE database = 'made' AND startsWith(name, 'ne_w__orders__dponec_c86e0889_') AND NOT endsWith(name, replaceAll({run_id:String}, '-', '_')) ORDER BY name
