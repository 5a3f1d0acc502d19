"""mssql_bcp_queryout_to_clickhouse_direct_tsv: the query makes each row one tab-separated line with ClickHouse's own escapes."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.spi.strategy import NativePath, Setting


def wire(load: Load, setting: Setting) -> tuple[str, str]:
    """Always tsv: escaped in the server, so no value can be mistaken for a tab, a line break or \\N."""
    return (
        "tsv",
        "each row is one line that the server has escaped as TabSeparated reads it, so nothing is parsed on the way",
    )


PATH = NativePath(
    name="mssql_bcp_queryout_to_clickhouse_direct_tsv",
    source="mssql",
    sink="clickhouse",
    tools=("bcp", "clickhouse-client or curl"),
    fallback="python_streaming_batches",
    wire=wire,
    export="a query of one column, each row a finished tab-separated line",
    ingest="INSERT INTO staging FORMAT TabSeparated, by HTTP or clickhouse-client",
)
