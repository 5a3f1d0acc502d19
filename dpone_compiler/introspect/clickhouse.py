"""Facts of ClickHouse tables from its system tables, on 18.16 and on today's servers alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from dpone_compiler.sql.clickhouse_names import literal
from dpone_compiler.sql.clickhouse_native import unescaped
from dpone_compiler.sql.clickhouse_types import is_nullable, parse_type
from dpone_compiler.sql.render import Sql, frame, join

Rows = tuple[tuple[str | None, ...], ...]

# Settings that change what a load means, or what it costs.
_SETTINGS = (
    "allow_replace_partition_from_empty_source",
    "async_insert",
    "insert_deduplicate",
    "join_use_nulls",
    "lightweight_deletes_sync",
    "max_partitions_per_insert_block",
    "max_table_size_to_drop",
    "mutations_sync",
    "session_timezone",
)
_GENERATED = frozenset({"MATERIALIZED", "ALIAS", "EPHEMERAL"})
_NAME = r"(`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*)"
_VERSION = re.compile(r"^\w*ReplacingMergeTree\((?:'[^']*',\s*'[^']*',?\s*)?" + _NAME + r"(?:,\s*" + _NAME + r")?")
_DEFAULT_DATABASE = "default"
_TTL = re.compile(r"\sTTL\s")


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
    """The server has no such table."""


def read_clickhouse(session: Session, tables: tuple[TableRef, ...]) -> tuple[EngineFacts, dict[TableRef, TableFacts]]:
    """The server and the tables, in the order asked for."""
    version = tuple(int(part) for part in re.findall(r"\d+", _one(session, Sql("SELECT version()"))))
    names = join(", ", [literal(name) for name in _SETTINGS])
    settings = _all(
        session, frame("SELECT name, value FROM system.settings WHERE name IN (<<n>>) ORDER BY name", n=names)
    )
    known = [(name or "", value or "") for name, value in settings]
    known.append(("timezone", _one(session, Sql("SELECT timezone()"))))
    engine = EngineFacts(engine="clickhouse", version=version, settings=tuple(sorted(known)))
    return engine, {table: _table(session, table, _located(table)) for table in tables}


def _table(session: Session, asked: TableRef, table: TableRef) -> TableFacts:
    where = frame("database = <<d>> AND table = <<t>>", d=literal(table.schema), t=literal(table.name))
    found = _all(
        session,
        frame(
            "SELECT engine_full, partition_key, sorting_key, primary_key, create_table_query, engine FROM system.tables "
            "WHERE database = <<d>> AND name = <<t>>",
            d=literal(table.schema),
            t=literal(table.name),
        ),
    )
    if not found:
        raise TableNotFoundError(f"there is no table {asked}")
    full, partition_key, sorting_key, primary_key, created, engine = (cell or "" for cell in found[0])
    listed = _all(
        session,
        frame("SELECT name, type, default_kind FROM system.columns WHERE <<w>> ORDER BY position", w=where)
        if _has_position(session)
        else frame("SELECT name, type, default_kind FROM system.columns WHERE <<w>>", w=where),
    )
    parts = _all(
        session,
        frame(
            "SELECT partition_id, toString(sum(rows)), toString(sum(bytes_on_disk)) FROM system.parts "
            "WHERE <<w>> AND active AND rows > 0 GROUP BY partition_id ORDER BY partition_id",
            w=where,
        ),
    )
    partitions = tuple(PartitionStat(id=i or "", rows=int(r or 0), bytes=int(b or 0)) for i, r, b in parts)
    version = _VERSION.match(full)
    return TableFacts(
        structure=TableStructure(
            columns=tuple(_column(name or "", native or "", kind or "") for name, native, kind in listed),
            primary_key=_plain_names(primary_key),
            partition_key=partition_key,
            sorting_key=sorting_key,
            table_engine=full or engine,
            database_engine=_one(
                session, frame("SELECT engine FROM system.databases WHERE name = <<d>>", d=literal(table.schema))
            ),
            version_column=_unquoted(version[1]) if version else "",
            deleted_column=_unquoted(version[2]) if version and version[2] else "",
            hazards=(*_views(session, table), *((("ttl", table.name),) if _TTL.search(full or created) else ())),
        ),
        statistics=TableStatistics(
            rows=sum(p.rows or 0 for p in partitions),
            bytes=sum(p.bytes or 0 for p in partitions),
            partitions=partitions,
        ),
    )


def _views(session: Session, table: TableRef) -> tuple[tuple[str, str], ...]:
    """Materialized views that read the table: its dependants, as the server lists them."""
    rows = _all(
        session,
        frame(
            "SELECT concat(d, '.', n) FROM (SELECT dependencies_database AS ds, dependencies_table AS ns FROM system.tables "
            "WHERE database = <<d>> AND name = <<t>>) ARRAY JOIN ds AS d, ns AS n ORDER BY 1",
            d=literal(table.schema),
            t=literal(table.name),
        ),
    )
    return tuple(("materialized_view", name or "") for (name,) in rows)


def _has_position(session: Session) -> bool:
    query = "SELECT name FROM system.columns WHERE database = 'system' AND table = 'columns' AND name = 'position'"
    return bool(_all(session, Sql(query)))


def _located(table: TableRef) -> TableRef:
    return table if table.schema else TableRef(_DEFAULT_DATABASE, table.name)


def _column(name: str, native: str, kind: str) -> Column:
    return Column(
        name=name,
        type=parse_type(native),
        native=native,
        nullable=is_nullable(native),
        generated=kind in _GENERATED,
    )


def _plain_names(key: str) -> tuple[str, ...]:
    """Columns of a key that is a plain list of columns; () where it has expressions. It is no promise of uniqueness."""
    pieces = [piece.strip() for piece in key.split(",")]
    if not key or not all(re.fullmatch(r"[A-Za-z_]\w*|`(?:[^`\\,]|\\.)*`", piece) for piece in pieces):
        return ()
    return tuple(_unquoted(piece) for piece in pieces)


def _unquoted(name: str) -> str:
    return unescaped(name[1:-1]) if name.startswith("`") else name


def _all(session: Session, body: Sql) -> Rows:
    return session.run(body.text, {}).rows


def _one(session: Session, body: Sql) -> str:
    rows = _all(session, body)
    return (rows[0][0] or "") if rows else ""
