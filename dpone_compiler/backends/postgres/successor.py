"""A table that takes another one's place: what would be lost with the old one, and what is copied from it.

`LIKE … INCLUDING ALL` copies columns, defaults, CHECKs, indexes, statistics, comments of columns, storage; owner, privileges,
comment, storage parameters and replica identity it does not copy: https://www.postgresql.org/docs/current/sql-createtable.html
"""

from __future__ import annotations

from dpone_compiler.backends.postgres.script import literal, statements
from dpone_compiler.sql.render import Sql, frame

# A successor is another table: what points at the old one by its oid would go on pointing there.
_OBSTACLES = """\
  SELECT string_agg(DISTINCT o.what, '; ') INTO problems FROM (
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = <<of>> AND NOT tgisinternal AND tgparentid = 0
    UNION ALL
    SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = <<of>> AND rulename <> '_RETURN'
    UNION ALL
    SELECT 'foreign key ' || conname || ' of ' || conrelid::regclass::text FROM pg_constraint
     WHERE contype = 'f' AND conparentid = 0 AND (conrelid = <<of>> OR confrelid = <<of>>)
    UNION ALL
    SELECT 'row security' FROM pg_class WHERE oid = <<of>> AND relrowsecurity
    UNION ALL
    SELECT 'replica identity by an index' FROM pg_class WHERE oid = <<of>> AND relreplident = 'i'
    UNION ALL
    SELECT 'publication ' || p.pubname FROM pg_publication_tables AS p
      JOIN pg_class AS c ON c.relname = p.tablename
      JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = p.schemaname
     WHERE c.oid = <<of>><<more>>
  ) AS o (what);
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420',
      MESSAGE = format('%s cannot be replaced by another table: %s', <<of>>::regclass, problems),
      HINT = 'nothing was changed; run dponec introspect, compile again and review the new plan';
  END IF;"""

_OWN = """
    UNION ALL
    SELECT 'view ' || r.ev_class::regclass::text FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
     WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.refobjid = <<of>> AND r.ev_class <> <<of>>
    UNION ALL
    SELECT 'sequence ' || s.oid::regclass::text FROM pg_depend AS d
      JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.refobjid = <<of>> AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT 'child table ' || inhrelid::regclass::text FROM pg_inherits WHERE inhparent = <<of>>"""

_PARENT = """
    UNION ALL
    SELECT 'parent table ' || inhparent::regclass::text FROM pg_inherits WHERE inhrelid = <<of>>"""

# Default privileges may have given the new table grants that the old one does not have, so they are taken back first.
_TAKEN_OVER = """\
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
  END IF;"""

_DROPPED = """\
  FOR given IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND NOT c.relispartition AND starts_with(c.relname, <<prefix>>)
  LOOP
    EXECUTE 'DROP TABLE ' || given.name;
  END LOOP;"""

# Equal indexes get the old names, and with them the constraints that they back: an ON CONFLICT ON CONSTRAINT goes on working.
_RENAMED = """\
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
    EXECUTE format('ALTER INDEX %s RENAME TO %I', given.was, <<prefix>> || 'i' || renamed);
    EXECUTE format('ALTER INDEX %s RENAME TO %I', given.now, given.name);
  END LOOP;"""

DECLARED = Sql(
    "  old regclass;\n  fresh regclass;\n  kept record;\n  given record;\n  problems text;\n  renamed integer := 0;"
)


def obstacles(of: str, *, alone: bool = True, root: bool = False) -> Sql:
    """Refuse (DP420) what a successor of the table in the variable `of` would lose.

    `alone`: the table itself goes, so whatever hangs on it counts too; otherwise only its partitions go. `root`: nor may it be a child.
    """
    name = Sql(of)
    more = frame(_OWN, of=name) if alone else Sql("")
    if root:
        more = frame("<<more>><<parent>>", more=more, parent=frame(_PARENT, of=name))
    return frame(_OBSTACLES, of=name, more=more)


def taken_over(prefix: str) -> Sql:
    """Owner, privileges, comment, storage parameters, replica identity and names of indexes of `old` given to `fresh`."""
    return statements(Sql(_TAKEN_OVER), frame(_RENAMED, prefix=literal(prefix)))


def dropped(prefix: str) -> Sql:
    """Drop every table that a swap of this load has made or taken out, and that is no partition now."""
    return frame(_DROPPED, prefix=literal(prefix))
