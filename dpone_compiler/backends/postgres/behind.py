"""What stands behind a source table when its rows are read: its partitions and, of a view, what the view reads.

Rows of a materialized view or a foreign table, and numbers that sessions take in advance, come later than a window may think.
"""

from __future__ import annotations

from dpone_compiler.backends.postgres.script import literal
from dpone_compiler.sql.render import Sql, frame

# A rule of event '1' is a view's query: https://www.postgresql.org/docs/current/catalog-pg-rewrite.html
_BEHIND = """\
    WITH RECURSIVE behind (relation) AS (
      SELECT <<table>>::regclass::oid
      UNION
      SELECT next.relation FROM behind CROSS JOIN LATERAL (
        SELECT inhrelid FROM pg_inherits WHERE inhparent = behind.relation
        UNION ALL
        SELECT d.refobjid FROM pg_rewrite AS r
          JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
         WHERE r.ev_class = behind.relation AND r.ev_type = '1'
      ) AS next (relation)
    )"""

_COPIES = """\
  IF EXISTS (
<<behind>>
    SELECT FROM behind JOIN pg_class AS c ON c.oid = behind.relation WHERE c.relkind IN ('m', 'f')
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = <<message>>,
      HINT = 'declare cursor.lag, the longest time that a row takes to arrive there, and drop cursor.assigned_by';
  END IF;"""

# The sequence that the column owns, and each that a default of it calls: https://www.postgresql.org/docs/current/catalog-pg-depend.html
_CACHED = """\
  IF EXISTS (
<<behind>>
    SELECT FROM behind
      JOIN pg_attribute AS a ON a.attrelid = behind.relation AND a.attname = <<column>>
      LEFT JOIN pg_attrdef AS f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
      JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
        OR d.classid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
      JOIN pg_sequence AS s ON s.seqrelid = CASE d.classid WHEN 'pg_class'::regclass THEN d.objid ELSE d.refobjid END
     WHERE d.refclassid = 'pg_class'::regclass AND (s.seqcache > 1 OR s.seqincrement < 0)
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP430',
      MESSAGE = 'the cursor''s sequence has CACHE above 1 or counts down, so a lower number can come later',
      HINT = 'ALTER SEQUENCE … CACHE 1, or declare cursor.lag: the seconds in which every writer commits';
  END IF;"""


def no_copies(table: Sql, shown: str) -> Sql:
    """DP430 where rows come by a REFRESH or from another server: no transaction of this database tells when they were stamped."""
    message = f"{shown} reads a materialized view or a foreign table, whose rows come later than the writers stamp them"
    return frame(_COPIES, behind=_behind(table), message=literal(message))


def no_cached_numbers(table: Sql, cursor: str) -> Sql:
    """DP430 where two sessions can take numbers from one sequence and not insert them in their order."""
    return frame(_CACHED, behind=_behind(table), column=literal(cursor))


def _behind(table: Sql) -> Sql:
    return frame(_BEHIND, table=literal(table.text))
