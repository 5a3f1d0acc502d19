"""The digest of ClickHouse equals the digest of Postgres, value for value, after a real transfer of text."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from sqlglot import exp

from dpone_compiler.backends.clickhouse.carry import carry
from dpone_compiler.backends.postgres.canonical import digest_sum, digested
from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan import actions as do
from dpone_compiler.sql.postgres_types import parse_type as postgres_type
from dpone_compiler.sql.render import render
from tests.engines.clickhouse_bench import ROWS, Bench, column, open_bench
from tests.engines.test_clickhouse_backend import SELECTION, stage
from tests.tiers import CLICKHOUSE_PROFILES

# (name, Postgres type, modern type, legacy type, values); 2026-10-25 is the night on which Berlin has an hour twice.
COLUMNS = (
    ("i", "bigint", "Int64", "Int64", ("-9223372036854775808", "0", "9223372036854775807")),
    ("n", "numeric(18,3)", "Decimal(18, 3)", "Decimal(18, 3)", ("1.500", "-0.001", "100.000")),
    ("s", "text", "String", "String", ("it's \t \\ \n €", "", "ы")),
    ("m", "text", "Nullable(String)", "Nullable(String)", ("x", None, "")),
    ("b", "boolean", "Bool", "UInt8", ("true", "false", "true")),
    ("d", "date", "Date32", "Date", ("1970-01-01", "2026-11-23", "2100-01-01")),
    (
        *("t", "timestamptz", "DateTime64(6, 'Asia/Tokyo')", "DateTime"),
        ("2026-11-23 01:02:03+00", "1970-01-01 00:00:05+00", "2038-01-19 03:14:08+00"),
    ),
    (
        *("u", "timestamp", "Nullable(DateTime64(6))", "Nullable(DateTime('Asia/Tokyo'))"),
        ("2026-10-25 02:30:00", None, "2000-02-29 00:00:00"),
    ),
    (
        *("z", "timestamptz", "DateTime('Europe/Berlin')", "DateTime('Europe/Berlin')"),
        ("2026-10-25 00:30:00+00", "2026-10-25 01:30:00+00", "1970-01-01 00:00:00+00"),
    ),
    ("f", "float8", "Float64", "Float64", ("1.5", "-0", "NaN")),
    ("e", "float4", "Nullable(Float32)", "Nullable(Float32)", ("0.1", None, "-Infinity")),
    ("q", "float8", "Float64", "Float64", ("1e-320", "Infinity", "0.1")),
    ("w", "uuid", "UUID", "UUID", ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "0" * 32, "f" * 32)),
    ("y", "bytea", "String", "String", ("\\x00ff", "\\x", "\\x0a09")),
)
PRE_1970 = (
    "t",
    "timestamptz",
    "DateTime64(6, 'UTC')",
    "",
    ("1969-12-31 23:59:59.999999+00", "1900-01-02 00:00:00.5+00"),
)


@pytest.mark.parametrize("profile", CLICKHOUSE_PROFILES)
def test_digest_equals_that_of_postgres(
    profile: str, pg_wheel_db: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    fresh = request.getfixturevalue("chdb_db" if profile == "modern" else "clickhouse_server_db")
    _compare(COLUMNS, 2 if profile == "modern" else 3, pg_wheel_db(), fresh())


def test_instants_before_1970(pg_wheel_db: Callable[[], str], chdb_db: Callable[[], str]) -> None:
    _compare((PRE_1970,), 2, pg_wheel_db(), chdb_db())


def _compare(columns: tuple[tuple[object, ...], ...], native: int, pg_url: str, url: str) -> None:
    shape = ", ".join(f"{c[0]} {c[native]}" for c in columns)
    bench = open_bench(url, f"({shape}) ENGINE = MergeTree ORDER BY tuple()")
    sent, expected = _postgres(columns, native, pg_url)
    stage(bench, sent)
    assert bench.do(do.ReadState())["digest"] == expected
    again = Bench(session=bench.session, database=bench.database, url=url, params=bench.params)
    again.do(do.Transfer(selection=SELECTION, staging=ROWS, wire="tsv"), tsv=sent)
    record = do.RecordStaged(staging=ROWS, level="content")
    again.do(record)
    assert again.do(do.ReadState())["digest"] != expected
    bench.session.close()


def _postgres(columns: tuple[tuple[object, ...], ...], native: int, url: str) -> tuple[str, str]:
    with psycopg.connect(url, autocommit=True) as pg:
        pg.execute("CREATE TABLE s (" + ", ".join(f"{c[0]} {c[1]}" for c in columns) + ")")
        for row in zip(*(c[4] for c in columns), strict=True):  # type: ignore[call-overload]
            pg.execute("INSERT INTO s VALUES (" + ", ".join(f"%s::{c[1]}" for c in columns) + ")", row)
        wire = ", ".join(_wired(str(c[0]), str(c[1]), str(c[native])) for c in columns)
        with pg.cursor().copy(f"COPY (SELECT {wire} FROM s) TO STDOUT".encode()) as copy:
            text = b"".join(bytes(piece) for piece in copy).decode()
        arriving = [_arriving(str(c[0]), str(c[1])) for c in columns]
        query = exp.Select(expressions=[value for value, _ in arriving]).from_("s")
        rows = render(digested(query, tuple(type_ for _, type_ in arriving)), "postgres").text
        sums = [render(digest_sum(piece), "postgres").text for piece in (0, 1)]
        a, b, n = pg.execute(f"SELECT {sums[0]}, {sums[1]}, count(*) FROM {rows}".encode()).fetchone() or ()
    return text, f"{n}:{a}:{b}"


def _arriving(name: str, native: str) -> tuple[exp.Expression, DataType]:
    return exp.column(name), postgres_type(native)


def _wired(name: str, native: str, target: str) -> str:
    source = Column(name=name, native=native, type=postgres_type(native), nullable=True)
    how = carry(source, column(name, target), "a source that honours the form")
    assert not how.refused, how
    assert how.null_guard == (target == "String")
    instant = name if native == "timestamptz" else f"{name} AT TIME ZONE 'UTC'"
    match how.form.partition(":")[0]:
        case "int_bool":
            return f"{name}::int"
        case "epoch_seconds":
            return f"lpad(floor(extract(epoch FROM {instant}))::bigint::text, 10, '0')"
        case "utc_timestamp":
            return f"to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        case "hex_bytes":
            return f"encode({name}, 'hex')"
        case _:
            return name
