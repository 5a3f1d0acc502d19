-- dponec state staging: load merge_deletes_soft_ch
SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables WHERE database = 'dwh' AND startsWith(name, 'orders_marked__dponec_18918f3e_')
UNION ALL SELECT table AS name, sum(rows) AS held FROM system.parts WHERE database = 'dwh' AND startsWith(table, 'orders_marked__dponec_18918f3e_') AND active GROUP BY table) GROUP BY name ORDER BY name
