-- dponec state staging: load evolve_pg
DO $dponec$
DECLARE
  one record;
  held bigint;
  found jsonb := '[]';
BEGIN
  FOR one IN
    SELECT c.oid::regclass AS place, c.relname::text AS name
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND (n.nspname = 'dwh' AND c.relname IN ('orders__dponec_79167393_rows', 'orders__dponec_79167393_delta', 'orders__dponec_79167393_left', 'orders__dponec_79167393_rewrite', 'orders__dponec_79167393_changes')
        OR starts_with(c.relname, 'orders__dponec_79167393_swap_') AND NOT c.relispartition)
     ORDER BY c.relname
  LOOP
    EXECUTE format('SELECT count(*) FROM %s', one.place) INTO held;
    found := found || jsonb_build_object('name', one.name, 'rows', held);
  END LOOP;
  PERFORM set_config('dponec.staging', found::text, true);
END
$dponec$;
SELECT e.name, e.rows FROM jsonb_to_recordset(current_setting('dponec.staging')::jsonb) AS e (name text, rows text) ORDER BY e.name;
