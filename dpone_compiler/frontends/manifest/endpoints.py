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
# Engines whose tables have a name of three parts: database, schema, table.
_DATABASE_BESIDE_SCHEMA = ("mssql",)
_CONNECTION_SAYS = "the connection says which database it is"
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


def staging_of(notes: Notes, engine: str, place: Place | None) -> str:
    """The schema that staging tables go to; '' for none given."""
    if place is None:
        return ""
    notes.mark({"sink.staging": "sink.staging"})
    return _schema(notes, "sink.staging", engine, place) or ""


def state_schema_of(notes: Notes, engine: str, schema: str | None, state: State | None) -> str:
    """The schema of the state table, from our key or from dpone's state block."""
    table = (state.table if state else None) or Table()
    if table.name is not None:
        notes.idle("state.table.name", "the state table has a name of its own")
    database_is_schema = engine in _DATABASE_IS_SCHEMA
    if table.database is not None and not database_is_schema:
        notes.idle("state.table.database", _CONNECTION_SAYS)
    return (
        notes.one(
            "sink.state_schema",
            Said("sink.state_schema", schema),
            Said("state.table.schema", table.schema_),
            Said("state.table.database", table.database if database_is_schema else None),
            Said("state.table.dataset", table.dataset),
        )
        or ""
    )


def _schema(notes: Notes, path: str, engine: str, place: Table | Place | None) -> str | None:
    """One schema by any of its words. A database beside the schema is the first of a three-part name: the run's connection says
    which database that is, so whether it is the written one cannot be known here, and the note says what decides."""
    if place is None:
        return None
    database = place.database
    if database is not None and engine not in _DATABASE_IS_SCHEMA:
        if engine in _DATABASE_BESIDE_SCHEMA and place.schema_ is not None:
            notes.idle(f"{path}.database", _CONNECTION_SAYS, database)
        else:
            notes.report(
                f"{path}.database", UnsupportedKey(f"{path}.database", "the database belongs to the connection")
            )
        database = None
    return notes.one(
        "",
        Said(f"{path}.schema", place.schema_),
        Said(f"{path}.database", database),
        Said(f"{path}.dataset", place.dataset),
    )
