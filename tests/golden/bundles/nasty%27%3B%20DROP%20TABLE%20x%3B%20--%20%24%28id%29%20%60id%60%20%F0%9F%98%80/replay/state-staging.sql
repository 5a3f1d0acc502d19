-- dponec state staging: load nasty'; DROP TABLE x; -- $(id) `id` 😀
DO $dponec$
DECLARE
  one record;
  held bigint;
  found jsonb := '[]';
BEGIN
  FOR one IN
    SELECT c.oid::regclass AS place, c.relname::text AS name
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND (n.nspname = 'd''w;h' AND c.relname IN ('or"ders `$(id)`__dponec_9e8e9a6d_rows', 'or"ders `$(id)`__dponec_9e8e9a6d_delta', 'or"ders `$(id)`__dponec_9e8e9a6d_left', 'or"ders `$(id)`__dponec_9e8e9a6d_rewrite', 'or"ders `$(id)`__dponec_9e8e9a6d_changes')
        OR starts_with(c.relname, 'or"ders `$(id)`__dponec_9e8e9a6d_swap_') AND NOT c.relispartition)
     ORDER BY c.relname
  LOOP
    EXECUTE format('SELECT count(*) FROM %s', one.place) INTO held;
    found := found || jsonb_build_object('name', one.name, 'rows', held);
  END LOOP;
  PERFORM set_config('dponec.staging', found::text, true);
END
$dponec$;
SELECT e.name, e.rows FROM jsonb_to_recordset(current_setting('dponec.staging')::jsonb) AS e (name text, rows text) ORDER BY e.name;
