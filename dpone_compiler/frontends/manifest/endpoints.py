"""Connections, tables and schemas of both sides."""

from __future__ import annotations

from dpone_compiler.frontends.manifest.merging import Notes, Said
from dpone_compiler.frontends.manifest.models.process import State
from dpone_compiler.frontends.manifest.models.source import Place, Table
from dpone_compiler.frontends.meaning import default_schema
from dpone_compiler.frontends.problems import MissingKey, SchemaNeeded, UnsupportedKey
from dpone_compiler.ir.schema import TableRef

# Engines in which `database` is the word for what is a schema elsewhere.
_DATABASE_IS_SCHEMA = ("clickhouse",)
_NO_SCHEMA = ("kafka",)


def connection_of(notes: Notes, side: str, by_id: str | None, by_ref: str | None) -> str:
    """The connection's name; dpone has two keys for it."""
    name = notes.one(f"{side}.connection", Said(f"{side}.connection_id", by_id), Said(f"{side}.connection_ref", by_ref))
    if name is None:
        notes.report(side, MissingKey("connection_id", side, "the run finds its URL in DPONE_CONN_<CONNECTION_ID>"))
    return name or ""


def table_of(notes: Notes, side: str, engine: str, table: Table | None, topic: str | None) -> TableRef:
    """The table with its engine's default schema, or a topic."""
    path = f"{side}.table"
    name = notes.one(path, Said(f"{path}.name", table.name if table else None), Said(f"{side}.topic", topic))
    if name is None:
        missing = ("name", path) if table else ("table", side)
        notes.report(path, MissingKey(*missing, "in a batch, naming.sink_table gives it" if side == "sink" else ""))
        return TableRef("", "")
    if table is not None:
        notes.spans[path] = notes.at(path)
    schema = _schema(notes, path, engine, table) or default_schema(engine)
    if not schema and engine not in _NO_SCHEMA:
        notes.report(path, SchemaNeeded(engine, name))
    return TableRef(schema, name)


def staging_of(notes: Notes, place: Place | None) -> str:
    """The schema that staging tables go to; '' for none given."""
    if place is None:
        return ""
    notes.mark({"sink.staging": "sink.staging"})
    return (
        notes.one(
            "",
            Said("sink.staging.schema", place.schema_),
            Said("sink.staging.database", place.database),
            Said("sink.staging.dataset", place.dataset),
        )
        or ""
    )


def state_schema_of(notes: Notes, schema: str | None, state: State | None) -> str:
    """The schema of the state table, from our key or from dpone's state block."""
    table = state.table if state else None
    return (
        notes.one(
            "sink.state_schema",
            Said("sink.state_schema", schema),
            Said("state.table.schema", table.schema_ if table else None),
        )
        or ""
    )


def _schema(notes: Notes, path: str, engine: str, table: Table | None) -> str | None:
    if table is None:
        return None
    database = table.database
    if database is not None and engine not in _DATABASE_IS_SCHEMA:
        notes.report(f"{path}.database", UnsupportedKey(f"{path}.database", "the database belongs to the connection"))
        database = None
    return notes.one(
        "",
        Said(f"{path}.schema", table.schema_),
        Said(f"{path}.database", database),
        Said(f"{path}.dataset", table.dataset),
    )
