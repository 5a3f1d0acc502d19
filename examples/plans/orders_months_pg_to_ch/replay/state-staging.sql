-- dponec state staging: load orders_months_pg_to_ch
SELECT name, toString(rows) AS rows FROM (SELECT name FROM system.tables WHERE database = 'dwh' AND startsWith(name, 'orders__dponec_35506273_'))
ANY LEFT JOIN (SELECT table AS name, sum(rows) AS rows FROM system.parts WHERE database = 'dwh' AND active GROUP BY name) USING name ORDER BY name
