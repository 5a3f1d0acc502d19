"""postgres_copy_to_clickhouse_http_tsv: COPY text and ClickHouse's TabSeparated share their escapes and their \\N."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.spi.strategy import NativePath, Setting


def wire(load: Load, setting: Setting) -> tuple[str, str]:
    """Always tsv: the projection of the extraction gives each type the form that the target column reads."""
    return (
        "tsv",
        "COPY text is TabSeparated byte for byte (same escapes, \\N for NULL), so nothing is parsed on the way",
    )


PATH = NativePath(
    name="postgres_copy_to_clickhouse_http_tsv",
    source="postgres",
    sink="clickhouse",
    tools=("psycopg", "clickhouse-client or curl"),
    fallback="streaming_rows",
    wire=wire,
    export="COPY (SELECT …) TO STDOUT, in the text forms that the target's columns read",
    ingest="INSERT INTO staging FORMAT TabSeparated, by HTTP or clickhouse-client",
    proofs=(
        "tests/engines/test_clickhouse_digest.py::test_digest_equals_that_of_postgres",
        "tests/engines/loads/test_every_type.py::test_what_survives_arrives_and_what_does_not_is_counted",
    ),
)
