"""What stands behind a source table when its rows are read: its partitions and, of a view, what the view reads.

Rows of a materialized view or a foreign table come later than a window may think.
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


def no_copies(table: Sql, shown: str) -> Sql:
    """DP430 where rows come by a REFRESH or from another server: no transaction of this database tells when they were stamped."""
    message = f"{shown} reads a materialized view or a foreign table, whose rows come later than the writers stamp them"
    return frame(_COPIES, behind=_behind(table), message=literal(message))


def _behind(table: Sql) -> Sql:
    return frame(_BEHIND, table=literal(table.text))
