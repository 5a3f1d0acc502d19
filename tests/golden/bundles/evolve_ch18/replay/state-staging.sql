-- dponec state staging: load evolve_ch18
SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables WHERE database = 'dwh' AND startsWith(name, 'orders__dponec_ef8b591d_')
UNION ALL SELECT table AS name, sum(rows) AS held FROM system.parts WHERE database = 'dwh' AND startsWith(table, 'orders__dponec_ef8b591d_') AND active GROUP BY table) GROUP BY name ORDER BY name
