"""mssql_bcp_queryout_to_bcp_import: each row is one JSON line on its way from one SQL Server to the other."""

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
    name="mssql_bcp_queryout_to_bcp_import",
    source="mssql",
    sink="mssql",
    tools=("bcp",),
    fallback="pyodbc_fast_executemany",  # the name of dpone; what it does here: docs/adr/0014
    wire=wire,
    export="a query of one column, each row a JSON array",
    ingest="batches of lines, OPENJSON into typed staging",
)
