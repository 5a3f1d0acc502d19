-- dponec state staging: load orders_backfill_pg_to_pg
DO $dponec$
DECLARE
  one record;
  held bigint;
  found jsonb := '[]';
BEGIN
  FOR one IN
    SELECT c.oid::regclass AS place, c.relname::text AS name
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND (n.nspname = 'staging' AND c.relname IN ('orders__dponec_49ace458_rows', 'orders__dponec_49ace458_delta', 'orders__dponec_49ace458_left', 'orders__dponec_49ace458_rewrite', 'orders__dponec_49ace458_changes')
        OR starts_with(c.relname, 'orders__dponec_49ace458_swap_') AND NOT c.relispartition)
     ORDER BY c.relname
  LOOP
    EXECUTE format('SELECT count(*) FROM %s', one.place) INTO held;
    found := found || jsonb_build_object('name', one.name, 'rows', held);
  END LOOP;
  PERFORM set_config('dponec.staging', found::text, true);
END
$dponec$;
SELECT e.name, e.rows FROM jsonb_to_recordset(current_setting('dponec.staging')::jsonb) AS e (name text, rows text) ORDER BY e.name;
