-- dponec state staging: load create_pg
DO $dponec1$
DECLARE
  one record;
  held bigint;
  found jsonb := '[]';
BEGIN
  FOR one IN
    SELECT c.oid::regclass AS place, c.relname::text AS name
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND (n.nspname = 'd''w;h' AND c.relname IN ('ne"w `$(id)` $dponec$__dponec_e686d967_rows', 'ne"w `$(id)` $dponec$__dponec_e686d967_delta', 'ne"w `$(id)` $dponec$__dponec_e686d967_left', 'ne"w `$(id)` $dponec$__dponec_e686d967_rewrite', 'ne"w `$(id)` $dponec$__dponec_e686d967_changes')
        OR starts_with(c.relname, 'ne"w `$(id)` $dponec$__dponec_e686d967_swap_') AND NOT c.relispartition)
     ORDER BY c.relname
  LOOP
    EXECUTE format('SELECT count(*) FROM %s', one.place) INTO held;
    found := found || jsonb_build_object('name', one.name, 'rows', held);
  END LOOP;
  PERFORM set_config('dponec.staging', found::text, true);
END
$dponec1$;
SELECT e.name, e.rows FROM jsonb_to_recordset(current_setting('dponec.staging')::jsonb) AS e (name text, rows text) ORDER BY e.name;
