-- step drop-old-staging (query)
-- purpose: drop staging of older attempts
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: a zombie of an older attempt must fail instead of moving its rows
-- params: run_id
SELECT name FROM system.tables WHERE database = 'd\'w;h' AND startsWith(name, 'or_ders____id______dponec_0f600b67_') AND NOT endsWith(name, replaceAll({run_id:String}, '-', '_')) ORDER BY name
