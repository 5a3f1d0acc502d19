-- dponec state staging: load create_ch
SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables WHERE database = 'made' AND startsWith(name, 'ne_w__orders__dponec_c86e0889_')
UNION ALL SELECT table AS name, sum(rows) AS held FROM system.parts WHERE database = 'made' AND startsWith(table, 'ne_w__orders__dponec_c86e0889_') AND active GROUP BY table) GROUP BY name ORDER BY name
