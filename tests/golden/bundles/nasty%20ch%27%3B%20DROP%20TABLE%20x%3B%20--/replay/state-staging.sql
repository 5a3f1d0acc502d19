-- dponec state staging: load nasty ch'; DROP TABLE x; --
SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables WHERE database = 'd\'w;h' AND startsWith(name, 'or_ders____id______dponec_0f600b67_')
UNION ALL SELECT table AS name, sum(rows) AS held FROM system.parts WHERE database = 'd\'w;h' AND startsWith(table, 'or_ders____id______dponec_0f600b67_') AND active GROUP BY table) GROUP BY name ORDER BY name
