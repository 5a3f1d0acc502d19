-- dponec state staging: load backfill_append_ch
SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables WHERE database = 'dwh' AND startsWith(name, 'events__dponec_a6be4405_')
UNION ALL SELECT table AS name, sum(rows) AS held FROM system.parts WHERE database = 'dwh' AND startsWith(table, 'events__dponec_a6be4405_') AND active GROUP BY table) GROUP BY name ORDER BY name
