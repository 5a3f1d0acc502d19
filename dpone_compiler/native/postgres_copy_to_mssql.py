"""postgres_copy_to_mssql_bcp: COPY sends each row as one JSON line, bcp takes the lines, OPENJSON reads them in the server."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.spi.strategy import NativePath, Setting


def wire(load: Load, setting: Setting) -> tuple[str, str]:
    """Always json: the one form in which no terminator, no NULL and no empty text can be mistaken."""
    return (
        "json",
        "a row is a JSON array of texts: control characters are escaped, NULL is not '', and the server reads them by OPENJSON",
    )


PATH = NativePath(
    name="postgres_copy_to_mssql_bcp",
    source="postgres",
    sink="mssql",
    tools=("psycopg", "bcp"),
    fallback="pyodbc_fast_executemany",  # the name of dpone; what it does here: docs/adr/0014
    wire=wire,
    export="COPY (SELECT a JSON array a row) TO STDOUT",
    ingest="bcp into a one-column table, OPENJSON into typed staging",
    proofs=(),
)
