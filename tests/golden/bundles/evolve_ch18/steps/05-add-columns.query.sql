-- step add-columns (query)
-- purpose: add the columns that the target lacks
-- engine: clickhouse (target)
-- idempotency: idempotent
-- why: schema_evolution: additive; staging and what is made beside the target take their form from it, and a lock that is waited for here holds no row of the load
SELECT 'all' AS item FROM (SELECT count() AS there FROM system.columns WHERE database = 'dwh' AND table = 'orders' AND name IN ('st\'at;us $(id) `x` "y" ]z', 'a$dponec$\\ %s')) WHERE there = 0
