"""postgres_copy_to_postgres: COPY TO STDOUT into COPY FROM STDIN, binary untouched where the types are the same."""

from __future__ import annotations

from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import Load
from dpone_compiler.spi.strategy import NativePath, Setting


def wire(load: Load, setting: Setting) -> tuple[str, str]:
    """binary when every column has the same type on both sides, else text."""
    columns = load.decisions.columns
    if isinstance(columns, Undecided):
        return "text", "columns are not resolved"
    for column in columns:
        if not setting.sink.carry(
            column.source, column.target, setting.source.name, setting.facts.target_engine
        ).binary:
            types = f"{column.source.native} to {column.target.native}"
            return "text", f"column {column.target.name!r} goes from {types}, so values pass as text"
    return "binary", "every column has the same type on both sides: COPY passes the bytes through untouched"


PATH = NativePath(
    name="postgres_copy_to_postgres",
    source="postgres",
    sink="postgres",
    tools=("psycopg", "psql"),
    fallback="streaming_rows",
    wire=wire,
    export="COPY (SELECT …) TO STDOUT",
    ingest="COPY staging FROM STDIN",
    proofs=("tests/engines/test_postgres_types.py::test_every_type_arrives_and_is_proved",),
)
