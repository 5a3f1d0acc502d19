"""Facts of Postgres tables from the catalog: structure that a plan relies on, estimates that steer it, hazards to name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from dpone_compiler.ir.schema import (
    Column,
    EngineFacts,
    PartitionStat,
    TableFacts,
    TableRef,
    TableStatistics,
    TableStructure,
)
from dpone_compiler.sql.identifiers import text
from dpone_compiler.sql.postgres_catalog import COLUMN_TYPE, OLD_ROW_HAS
from dpone_compiler.sql.postgres_types import parse_type
from dpone_compiler.sql.render import Sql, frame, render

Rows = tuple[tuple[str | None, ...], ...]

_DEFAULT_SCHEMA = "public"

# time_zone_shift: the seconds by which the wall clock of the database goes back and forth in a year.
_ENGINE = Sql(
    """SELECT current_setting('server_version_num'),
       (SELECT json_object_agg(name, setting ORDER BY name) FROM (
          SELECT name, CASE name WHEN 'TimeZone' THEN reset_val ELSE setting END AS setting FROM pg_settings WHERE name IN (
            'TimeZone', 'default_transaction_isolation', 'lc_collate', 'max_locks_per_transaction', 'max_prepared_transactions',
            'server_encoding', 'track_activities', 'track_commit_timestamp', 'wal_level')
          UNION ALL
          SELECT 'time_zone_shift', extract(epoch FROM max(o) - min(o))::bigint::text
            FROM (SELECT (t AT TIME ZONE z.reset_val) - (t AT TIME ZONE 'UTC') AS o
                    FROM pg_settings AS z, generate_series(now() - interval '1 year', now() + interval '1 year', interval '1 day') AS g (t)
                   WHERE z.name = 'TimeZone') AS offsets) AS s)"""
)

# relkind: ordinary, partitioned, view, materialized view, foreign. https://www.postgresql.org/docs/current/catalog-pg-class.html
_RELATION = """SELECT c.oid, c.reltuples::bigint, pg_total_relation_size(c.oid),
       coalesce(pg_get_partkeydef(c.oid), ''), c.relkind
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = <<schema>> AND c.relname = <<name>> AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"""

_COLUMNS = """SELECT a.attname, <<type>>, a.attnotnull, a.attgenerated <> '', a.attidentity <> ''
  FROM pg_attribute AS a
 WHERE a.attrelid = <<oid>>::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""

# Only indexes over plain columns that are valid and not partial can promise anything.
_INDEXES = """SELECT i.indisprimary, i.indisunique,
       (SELECT json_agg(a.attname ORDER BY k.place)
          FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE k.place <= i.indnkeyatts)
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
 WHERE i.indrelid = <<oid>>::oid AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
 ORDER BY i.indisprimary DESC, c.relname"""

# What a captured UPDATE or DELETE carries of the old row: what the table says that every partition keeps.
_IDENTITY = """SELECT (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute AS a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND <<has>> AND NOT EXISTS (
           SELECT FROM pg_partition_tree(c.oid) AS p WHERE p.isleaf AND NOT EXISTS (
             SELECT FROM (SELECT a.attname AS wanted) AS w JOIN pg_class AS c ON c.oid = p.relid
               JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = w.wanted WHERE <<has>>)))
  FROM pg_class AS c WHERE c.oid = <<oid>>::oid AND c.relkind IN ('r', 'p')"""

_PARTITIONS = """SELECT n.nspname || '.' || c.relname, c.reltuples::bigint, pg_total_relation_size(c.oid),
       pg_get_expr(c.relpartbound, c.oid)
  FROM pg_partition_tree(<<oid>>::oid::regclass) AS p
  JOIN pg_class AS c ON c.oid = p.relid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE p.isleaf AND p.relid <> <<oid>>::oid ORDER BY 1"""

_HAZARDS = """SELECT kind, name FROM (
  SELECT 'trigger', tgname::text FROM pg_trigger WHERE tgrelid = <<oid>>::oid AND NOT tgisinternal AND tgenabled <> 'D'
  UNION ALL
  SELECT 'rule', rulename::text FROM pg_rewrite WHERE ev_class = <<oid>>::oid AND rulename <> '_RETURN'
  UNION ALL
  SELECT 'incoming_foreign_key', format('%s of %I.%I', f.conname, n.nspname, c.relname)
    FROM pg_constraint AS f JOIN pg_class AS c ON c.oid = f.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE f.contype = 'f' AND f.conparentid = 0
     AND (f.confrelid = <<oid>>::oid OR f.confrelid IN (SELECT relid FROM pg_partition_tree(<<oid>>::oid::regclass)))
  UNION ALL
  SELECT 'foreign_key', conname::text FROM pg_constraint
   WHERE conrelid = <<oid>>::oid AND contype = 'f' AND conparentid = 0
  UNION ALL
  SELECT 'default_partition', partdefid::regclass::text FROM pg_partitioned_table
   WHERE partrelid = <<oid>>::oid AND partdefid <> 0
  UNION ALL
  SELECT 'sub_partition', inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhrelid
   WHERE inhparent = <<oid>>::oid AND relkind = 'p'
  UNION ALL
  SELECT 'inheritance', (CASE WHEN inhparent = <<oid>>::oid THEN inhrelid ELSE inhparent END)::regclass::text
    FROM pg_inherits JOIN pg_class ON oid = inhparent WHERE <<oid>>::oid IN (inhparent, inhrelid) AND relkind = 'r'
  UNION ALL
  SELECT 'child_table', inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhparent
   WHERE inhparent = <<oid>>::oid AND relkind = 'r'
  UNION ALL
  SELECT 'owned_sequence', d.objid::regclass::text FROM pg_depend AS d JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
   WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
     AND d.refobjid = <<oid>>::oid AND d.deptype = 'a'
  UNION ALL
  SELECT 'exclusion_constraint', conname::text FROM pg_constraint WHERE conrelid = <<oid>>::oid AND contype = 'x'
  UNION ALL
  SELECT 'deferrable_key', conname::text FROM pg_constraint
   WHERE conrelid = <<oid>>::oid AND contype IN ('p', 'u') AND condeferrable
  UNION ALL
  SELECT 'row_security', CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'enabled' END
    FROM pg_class WHERE oid = <<oid>>::oid AND relrowsecurity
  UNION ALL
  SELECT DISTINCT CASE v.relkind WHEN 'm' THEN 'materialized_view' ELSE 'view' END, r.ev_class::regclass::text
    FROM pg_depend AS d
    JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = r.ev_class AND v.relkind IN ('m', 'v')
   WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
     AND d.refobjid = <<oid>>::oid AND r.ev_class <> <<oid>>::oid
  UNION ALL
  SELECT DISTINCT 'publication', p.pubname FROM pg_publication_tables AS p
    JOIN pg_class AS c ON c.relname = p.tablename JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = p.schemaname
   WHERE c.oid = <<oid>>::oid OR c.oid IN (SELECT relid FROM pg_partition_tree(<<oid>>::oid::regclass))
) AS h (kind, name) ORDER BY 1, 2"""


class Answer(Protocol):
    """What a session gives back."""

    @property
    def rows(self) -> Rows:
        """Cells as text."""


class Session(Protocol):
    """The part of a runtime session that is used here."""

    def run(self, body: str, params: Mapping[str, str]) -> Answer:
        """Run one statement."""


class TableNotFoundError(LookupError):
    """The server has no such table, or hides it from this role."""


def read_postgres(session: Session, tables: Sequence[TableRef]) -> tuple[EngineFacts, dict[TableRef, TableFacts]]:
    """The server and the tables, in the order asked for."""
    ((number, settings),) = session.run(_ENGINE.text, {}).rows
    version = int(number or 0)
    engine = EngineFacts(
        engine="postgres",
        version=(version // 10000, version % 10000),
        settings=tuple(sorted((str(k), str(v)) for k, v in json.loads(settings or "{}").items())),
    )
    return engine, {table: _table(session, table) for table in tables}


def _table(session: Session, asked: TableRef) -> TableFacts:
    schema = render(text(asked.schema or _DEFAULT_SCHEMA), "postgres")
    found = session.run(frame(_RELATION, schema=schema, name=render(text(asked.name), "postgres")).text, {}).rows
    if not found:
        raise TableNotFoundError(f"{asked} is not there, or this role may not see it")
    identity, rows, size, partition_key, _kind = found[0]
    oid = render(text(identity or ""), "postgres")
    leaves = _partitions(session, oid) if partition_key else ()
    return TableFacts(
        structure=_structure(session, oid, partition_key or ""),
        statistics=TableStatistics(
            rows=_sum(tuple(p.rows for p in leaves)) if partition_key else _estimate(rows),
            bytes=_sum(tuple(p.bytes for p in leaves)) if partition_key else int(size or 0),
            partitions=leaves,
        ),
    )


def _structure(session: Session, oid: Sql, partition_key: str) -> TableStructure:
    columns = session.run(frame(_COLUMNS, type=COLUMN_TYPE, oid=oid).text, {}).rows
    indexes = [
        (primary == "t", unique == "t", tuple(str(name) for name in json.loads(names or "[]")))
        for primary, unique, names in session.run(frame(_INDEXES, oid=oid).text, {}).rows
    ]
    listed = tuple(_column(*row) for row in columns)
    return TableStructure(
        columns=listed,
        primary_key=next((names for primary, _, names in indexes if primary), ()),
        unique_keys=tuple(names for primary, unique, names in indexes if unique and not primary),
        indexes=tuple(dict.fromkeys(names for _, _, names in indexes)),
        partition_key=partition_key,
        replica_identity=_replica_identity(session, oid),
        hazards=tuple((k or "", n or "") for k, n in session.run(frame(_HAZARDS, oid=oid).text, {}).rows),
    )


def _replica_identity(session: Session, oid: Sql) -> tuple[str, ...] | None:
    """The columns that an old row is told by; None for what is no table."""
    found = session.run(frame(_IDENTITY, has=OLD_ROW_HAS, oid=oid).text, {}).rows
    return tuple(str(name) for name in json.loads(found[0][0] or "[]")) if found else None


def _column(
    name: str | None, native: str | None, required: str | None, generated: str | None, identity: str | None
) -> Column:
    return Column(
        name=name or "",
        type=parse_type(native or ""),
        native=native or "",
        nullable=required != "t",
        generated=generated == "t",
        identity=identity == "t",
    )


def _partitions(session: Session, oid: Sql) -> tuple[PartitionStat, ...]:
    rows = session.run(frame(_PARTITIONS, oid=oid).text, {}).rows
    return tuple(
        PartitionStat(id=name or "", rows=_estimate(count), bytes=int(size or 0), bound=bound or "")
        for name, count, size, bound in rows
    )


def _estimate(reltuples: str | None) -> int | None:
    """-1 says that nobody has counted yet (ANALYZE): https://www.postgresql.org/docs/current/catalog-pg-class.html"""
    return None if reltuples is None or int(reltuples) < 0 else int(reltuples)


def _sum(numbers: tuple[int | None, ...]) -> int | None:
    return None if None in numbers else sum(n or 0 for n in numbers)
