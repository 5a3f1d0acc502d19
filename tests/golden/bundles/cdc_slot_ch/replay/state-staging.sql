-- dponec state staging: load cdc_slot_ch
SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables WHERE database = 'dwh' AND startsWith(name, 'notes__dponec_b39246c3_')
UNION ALL SELECT table AS name, sum(rows) AS held FROM system.parts WHERE database = 'dwh' AND startsWith(table, 'notes__dponec_b39246c3_') AND active GROUP BY table) GROUP BY name ORDER BY name
