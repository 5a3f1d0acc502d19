-- step exchange-tables
-- purpose: give the new table the target's owner, privileges and name
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: two renames in the transaction of the state
DO $dponec$
DECLARE
  old regclass;
  fresh regclass;
  kept record;
  given record;
  problems text;
  renamed integer := 0;
BEGIN
  old := to_regclass('"dwh"."orders"');
  fresh := to_regclass('"dwh"."orders__dponec_37ca8c9f_swap_n1"');
  LOCK TABLE "dwh"."orders" IN ACCESS EXCLUSIVE MODE;
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
    UNION ALL
    SELECT 'parent table ' || inhparent::regclass::text FROM pg_inherits WHERE inhrelid = old
  ) AS o (what);
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420',
      MESSAGE = format('%s cannot be replaced by another table: %s', old::regclass, problems),
      HINT = 'nothing was changed; run dponec introspect, compile again and review the new plan';
  END IF;
  SELECT c.relowner::regrole::text AS owner, c.relacl, c.reloptions, c.relreplident, obj_description(c.oid, 'pg_class') AS comment
    INTO kept FROM pg_class AS c WHERE c.oid = old;
  IF kept.owner <> (SELECT c.relowner::regrole::text FROM pg_class AS c WHERE c.oid = fresh) THEN
    EXECUTE format('ALTER TABLE %s OWNER TO %s', fresh, kept.owner);
  END IF;
  FOR given IN
    SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who
      FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = fresh
  LOOP
    EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', fresh, given.who);
  END LOOP;
  IF kept.relacl IS NULL AND (SELECT c.relacl IS NOT NULL FROM pg_class AS c WHERE c.oid = fresh) THEN
    EXECUTE format('GRANT ALL ON TABLE %s TO %s', fresh, kept.owner);
  END IF;
  FOR given IN
    SELECT a.privilege_type AS privilege, '' AS columns, a.is_grantable,
           CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who
      FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = old
    UNION ALL
    SELECT a.privilege_type, format(' (%I)', t.attname), a.is_grantable,
           CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
      FROM pg_attribute AS t, aclexplode(t.attacl) AS a WHERE t.attrelid = old AND NOT t.attisdropped
  LOOP
    EXECUTE format('GRANT %s%s ON TABLE %s TO %s%s', given.privilege, given.columns, fresh, given.who,
      CASE WHEN given.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
  IF kept.comment IS NOT NULL THEN
    EXECUTE format('COMMENT ON TABLE %s IS %L', fresh, kept.comment);
  END IF;
  IF kept.reloptions IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %s SET (%s)', fresh,
      (SELECT string_agg(format('%I = %L', option_name, option_value), ', ') FROM pg_options_to_table(kept.reloptions)));
  END IF;
  IF kept.relreplident IN ('f', 'n') THEN
    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY %s', fresh,
      CASE kept.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END);
  END IF;
  FOR given IN
    WITH found AS (
      SELECT i.indrelid, i.indexrelid, c.relname, d.text,
             row_number() OVER (PARTITION BY i.indrelid, d.text ORDER BY i.indexrelid) AS place
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid,
             concat(i.indisprimary, regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX .*? USING ', ' USING ')) AS d (text)
       WHERE i.indrelid IN (old, fresh))
    SELECT o.indexrelid::regclass AS was, f.indexrelid::regclass AS now, o.relname AS name
      FROM found AS o JOIN found AS f USING (text, place) WHERE o.indrelid = old AND f.indrelid = fresh
  LOOP
    renamed := renamed + 1;
    EXECUTE format('ALTER INDEX %s RENAME TO %I', given.was, 'orders__dponec_37ca8c9f_swap_' || 'i' || renamed);
    EXECUTE format('ALTER INDEX %s RENAME TO %I', given.now, given.name);
  END LOOP;
  EXECUTE format('ALTER TABLE %s RENAME TO %I', old, 'orders__dponec_37ca8c9f_swap_o1');
  EXECUTE format('ALTER TABLE %s RENAME TO %I', fresh, 'orders');
END
$dponec$;
