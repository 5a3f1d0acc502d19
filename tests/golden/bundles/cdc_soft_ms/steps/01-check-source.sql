-- step check-source
-- purpose: refuse when the source is not what the plan was compiled for
-- engine: postgres (source)
-- idempotency: pure
-- why: a dropped, retyped or added column would surface in the middle of the load
DO $dponec$
DECLARE
  relation oid;
  problems text;
BEGIN
  SELECT c.oid INTO relation FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = 'shop' AND c.relname = 'notes' AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
  IF relation IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = 'the source table shop.notes is not there, or this role may not see it',
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
        ('amount', 'numeric(18,2)', false, false),
        ('at', 'timestamp with time zone', false, false),
        ('body', 'text', false, false),
        ('id', 'bigint', false, false),
        ('status', 'character varying(20)', false, false)
      ) AS e (name, type, required, written)
      LEFT JOIN pg_attribute AS a
        ON a.attrelid = relation AND a.attname = e.name AND a.attnum > 0 AND NOT a.attisdropped
  ) AS found;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = 'the source table shop.notes has changed: ' || problems,
      HINT = 'run dponec introspect, compile again and review the new plan';
  END IF;
END
$dponec$;
