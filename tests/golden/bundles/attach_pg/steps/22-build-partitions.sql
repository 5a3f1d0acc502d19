-- step build-partitions
-- purpose: build a table for each affected partition, and prove it
-- engine: postgres (target), transaction build
-- idempotency: transactional
-- why: with a CHECK of the bound, so that ATTACH does not scan it under the lock
-- params: run_id, fence, partitions
DO $dponec$
DECLARE
  old regclass;
  fresh regclass;
  kept record;
  given record;
  problems text;
  renamed integer := 0;
  parent regclass;
  v text;
  nth bigint;
  low date;
  high date;
  place name;
  kept_name name;
  made text;
  affected bigint;
  built bigint := 0;
  expected bigint;
  expected_digest text;
  pair text;
  sum_a numeric := 0;
  sum_b text;
BEGIN
  FOR given IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND NOT c.relispartition AND starts_with(c.relname, 'orders_months__dponec_10542f54_swap_')
  LOOP
    EXECUTE 'DROP TABLE ' || given.name;
  END LOOP;
  parent := to_regclass('"dwh"."orders_months"');
  SELECT string_agg(DISTINCT o.what, '; ') INTO problems FROM (
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = parent AND NOT tgisinternal AND tgparentid = 0
    UNION ALL
    SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = parent AND rulename <> '_RETURN'
    UNION ALL
    SELECT 'foreign key ' || conname || ' of ' || conrelid::regclass::text FROM pg_constraint
     WHERE contype = 'f' AND conparentid = 0 AND (conrelid = parent OR confrelid = parent)
    UNION ALL
    SELECT 'row security' FROM pg_class WHERE oid = parent AND relrowsecurity
    UNION ALL
    SELECT 'replica identity by an index' FROM pg_class WHERE oid = parent AND relreplident = 'i'
    UNION ALL
    SELECT 'publication ' || p.pubname FROM pg_publication_tables AS p
      JOIN pg_class AS c ON c.relname = p.tablename
      JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = p.schemaname
     WHERE c.oid = parent
  ) AS o (what);
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420',
      MESSAGE = format('%s cannot be replaced by another table: %s', parent::regclass, problems),
      HINT = 'nothing was changed; run dponec introspect, compile again and review the new plan';
  END IF;
  IF EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = parent AND partdefid <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = format('%s has a default partition now', parent),
      HINT = 'ATTACH would lock and scan it; nothing was changed, run dponec introspect and compile again';
  END IF;
  SELECT rows_staged, digest INTO expected, expected_digest FROM "dwh"."dponec_state"
 WHERE load = 'attach_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
     AND run_id = current_setting('dponec.run_id') AND phase = 'staged';
  FOR v, nth IN
    SELECT e.v, e.place FROM jsonb_array_elements_text(current_setting('dponec.partitions')::jsonb) WITH ORDINALITY AS e (v, place)
     ORDER BY e.place
  LOOP
    low := CAST(CAST(v AS TIMESTAMP) AS DATE);
    high := CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE);
    old := NULL;
    -- The bound is read as values of the column's type, so that neither zone nor spelling can hide a partition.
    SELECT c.oid, s.nspname, c.relname INTO old, place, kept_name
      FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS s ON s.oid = c.relnamespace,
           regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \(''([^'']+)''\) TO \(''([^'']+)''\)$') AS b
     WHERE i.inhparent = parent AND c.relkind = 'r' AND b[1]::date = low AND b[2]::date = high;
    SELECT count(*) INTO affected FROM "dwh"."orders_months__dponec_10542f54_rows" AS s WHERE "s"."day" >= low AND "s"."day" < high;
    IF old IS NULL AND affected = 0 THEN
      CONTINUE;
    ELSIF old IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'DP506', MESSAGE = format('the target has no partition from %s to %s', low, high),
        HINT = 'nothing was changed; create the partition, or partition the target by the unit of the load';
    END IF;
  SELECT string_agg(DISTINCT o.what, '; ') INTO problems FROM (
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = old AND NOT tgisinternal AND tgparentid = 0
    UNION ALL
    SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = old AND rulename <> '_RETURN'
    UNION ALL
    SELECT 'foreign key ' || conname || ' of ' || conrelid::regclass::text FROM pg_constraint
     WHERE contype = 'f' AND conparentid = 0 AND (conrelid = old OR confrelid = old)
    UNION ALL
    SELECT 'row security' FROM pg_class WHERE oid = old AND relrowsecurity
    UNION ALL
    SELECT 'replica identity by an index' FROM pg_class WHERE oid = old AND relreplident = 'i'
    UNION ALL
    SELECT 'publication ' || p.pubname FROM pg_publication_tables AS p
      JOIN pg_class AS c ON c.relname = p.tablename
      JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = p.schemaname
     WHERE c.oid = old
    UNION ALL
    SELECT 'view ' || r.ev_class::regclass::text FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
     WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.refobjid = old AND r.ev_class <> old
    UNION ALL
    SELECT 'sequence ' || s.oid::regclass::text FROM pg_depend AS d
      JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.refobjid = old AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT 'child table ' || inhrelid::regclass::text FROM pg_inherits WHERE inhparent = old
  ) AS o (what);
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420',
      MESSAGE = format('%s cannot be replaced by another table: %s', old::regclass, problems),
      HINT = 'nothing was changed; run dponec introspect, compile again and review the new plan';
  END IF;
    made := format('%I.%I', place, 'orders_months__dponec_10542f54_swap_' || 'n' || nth);
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)', made, old);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IS NOT NULL AND %I >= %L AND %I < %L)',
      made, 'orders_months__dponec_10542f54_swap_' || 'n' || nth, 'day', 'day', low, 'day', high);
    EXECUTE 'INSERT INTO ' || made || ' ("id", "day", "at", "amount", "status") SELECT "id", "day", "at", "amount", "status" FROM "dwh"."orders_months__dponec_10542f54_rows" AS s WHERE "s"."day" >= $1 AND "s"."day" < $2' USING low, high;
    GET DIAGNOSTICS affected = ROW_COUNT;
    built := built + affected;
    EXECUTE 'SELECT CAST(COALESCE(SUM(HASHTEXTEXTENDED(CAST((((COALESCE(HASHINT8EXTENDED("id", CASE WHEN "id" < 0 THEN -1 ELSE 1 END), 1) # COALESCE(HASHINT4EXTENDED(CASE WHEN ISFINITE("day") THEN "day" - CAST(''1970-01-01'' AS DATE) WHEN "day" > CAST(''1970-01-01'' AS DATE) THEN 2147483647 WHEN "day" < CAST(''1970-01-01'' AS DATE) THEN -2147483648 END, 2), 2)) # (COALESCE(TIMESTAMP_HASH_EXTENDED("at" AT TIME ZONE ''UTC'', 3), 3) # (COALESCE(HASHINT8EXTENDED(HASH_NUMERIC_EXTENDED("amount", CASE WHEN "amount" < 0 THEN -1 WHEN "amount" = ''NaN'' THEN 2 ELSE 1 END), 4), 4) # COALESCE(HASHTEXTEXTENDED(CAST(("status") AS TEXT) COLLATE "C", 5), 5))))) AS TEXT) COLLATE "C", 0)), 0) AS TEXT) || '':h1'' FROM ' || made || '' INTO pair;
    sum_a := sum_a + split_part(pair, ':', 1)::numeric;
    -- The second part is a sum too, or says of which kind the first one is.
    sum_b := CASE WHEN split_part(pair, ':', 2) ~ '^[0-9]' THEN (coalesce(sum_b, '0')::numeric + split_part(pair, ':', 2)::numeric)::text
                  ELSE split_part(pair, ':', 2) END;
    EXECUTE 'ANALYZE ' || made;
  END LOOP;
  IF built IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the new partitions hold %s rows, %s were staged', built, expected),
      HINT = 'nothing was changed; run again';
  END IF;
  IF built > 0 AND expected_digest IS DISTINCT FROM sum_a::text || ':' || sum_b THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = 'the new partitions hold as many rows as were staged, and not the same ones',
      HINT = 'nothing was changed; look for defaults and column types of the partitions that differ from the target''s';
  END IF;
END
$dponec$;
