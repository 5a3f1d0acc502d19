-- dponec state staging: load history_cursor_ch
SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables WHERE database = 'dwh' AND startsWith(name, 'order_history__dponec_60d39060_')
UNION ALL SELECT table AS name, sum(rows) AS held FROM system.parts WHERE database = 'dwh' AND startsWith(table, 'order_history__dponec_60d39060_') AND active GROUP BY table) GROUP BY name ORDER BY name
