-- step check-target
-- purpose: refuse when the target is not what the plan was compiled for
-- engine: postgres (target)
-- idempotency: pure
-- why: a dropped, retyped or added column would surface in the middle of the load
DO $dponec1$
DECLARE
  relation oid;
  problems text;
BEGIN
  SELECT c.oid INTO relation FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = 'd''w;h' AND c.relname = 'ne"w `$(id)` $dponec$' AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
  IF relation IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = 'the target table d''w;h.ne"w `$(id)` $dponec$ is not there, or this role may not see it',
      HINT = 'create the table, or run dponec introspect and compile again';
  END IF;
  SELECT string_agg(problem, '; ' ORDER BY problem) INTO problems FROM (
    SELECT CASE
        WHEN e.name IS NULL THEN NULL
        WHEN a.attname IS NULL THEN format('column %I is gone', e.name)
        WHEN (SELECT CASE WHEN n.nspname = 'pg_catalog' THEN format_type(a.atttypid, a.atttypmod)
        ELSE quote_ident(n.nspname) || '.' || quote_ident(b.typname)
             || coalesce(substring(format_type(a.atttypid, a.atttypmod) FROM '\([^()]*\)'), '')
             || CASE WHEN t.oid <> b.oid THEN '[]' ELSE '' END END
        FROM pg_type AS t
        JOIN pg_type AS b ON b.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
        JOIN pg_namespace AS n ON n.oid = b.typnamespace
        WHERE t.oid = a.atttypid) <> e.type AND format_type(a.atttypid, a.atttypmod) <> e.type
          THEN format('column %I is %s, the plan was made for %s', e.name, (SELECT CASE WHEN n.nspname = 'pg_catalog' THEN format_type(a.atttypid, a.atttypmod)
        ELSE quote_ident(n.nspname) || '.' || quote_ident(b.typname)
             || coalesce(substring(format_type(a.atttypid, a.atttypmod) FROM '\([^()]*\)'), '')
             || CASE WHEN t.oid <> b.oid THEN '[]' ELSE '' END END
        FROM pg_type AS t
        JOIN pg_type AS b ON b.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
        JOIN pg_namespace AS n ON n.oid = b.typnamespace
        WHERE t.oid = a.atttypid), e.type)
        WHEN e.required AND NOT a.attnotnull THEN format('column %I may be NULL now', e.name)
        WHEN e.written AND a.attgenerated <> '' THEN format('column %I is generated now', e.name)
      END AS problem
      FROM (VALUES
        ('id; --', 'bigint', false, true),
        ('k`ey', 'text', false, true),
        ('st''at;us', 'text', false, true),
        ('up''dated"at', 'timestamp with time zone', false, true),
        ('tab	\ $(id)', 'text', false, true)
      ) AS e (name, type, required, written)
      LEFT JOIN pg_attribute AS a
        ON a.attrelid = relation AND a.attname = e.name AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('column %I is new, NOT NULL and has no default, and the plan does not write it', a.attname)
      FROM pg_attribute AS a
     WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
       AND a.attidentity = '' AND a.attname NOT IN ('id; --', 'k`ey', 'st''at;us', 'up''dated"at', 'tab	\ $(id)')
    UNION ALL
    SELECT format('table %s inherits from it now, and a key that is there decides no conflict', h.inhrelid::regclass)
      FROM pg_inherits AS h JOIN pg_class AS c ON c.oid = h.inhparent AND c.relkind = 'r'
     WHERE h.inhparent = relation
  ) AS found;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = 'the target table d''w;h.ne"w `$(id)` $dponec$ has changed: ' || problems,
      HINT = 'run dponec introspect, compile again and review the new plan';
  END IF;
END
$dponec1$;
