"""The rows and the digest that a SQL Server sink is sent, made by a real Postgres and read here by Python's json and UTF-16."""

from __future__ import annotations

import json

import psycopg
import pytest

from dpone_compiler.backends.postgres.json_rows import digest_text, json_text, row_of
from dpone_compiler.backends.postgres.script import sql
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.sql.identifiers import column
from tests.engine_fixtures import FreshDatabase

TEXT = DataType(kind=Kind.TEXT)
NASTY = [
    "",
    " ",
    "a ",
    "\t",
    "a\r\nb",
    "\\",
    '"',
    "\\N",
    "'; --",
    "é",
    "Привет",
    "\ud7ff\ue000\uffff",
    "😀",
    "\x01\x7f",
    "x" * 9000,
]


def written(text: str) -> str:
    """What backends/mssql/canonical.py makes of a stored nvarchar: hexadecimal UTF-16 unless it is printable ASCII."""
    plain = all(" " <= one <= "~" for one in text)
    return "=" + text if plain else "#" + text.encode("utf-16-le").hex().upper()


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_text_arrives_as_it_was(text: str, pg_wheel_db: FreshDatabase) -> None:
    digest = sql(digest_text(column("v"), TEXT, TEXT)).text
    with psycopg.connect(pg_wheel_db(), autocommit=True) as session:
        session.execute("CREATE TABLE t (v text, w text)")
        session.execute("INSERT INTO t VALUES (%s, NULL)", (text,))
        row = session.execute(f"SELECT {digest} FROM t".encode()).fetchone()
        line = sql(row_of([json_text(column(name), TEXT, TEXT) for name in ("v", "w")])).text
        with session.cursor().copy(f"COPY (SELECT {line} FROM t) TO STDOUT".encode()) as copied:
            data = b"".join(bytes(part) for part in copied)
    assert row == (written(text),)
    assert data.count(b"\n") == 1
    assert not set(data[:-1]) & set(range(32))
    assert json.loads(data.replace(b"\\\\", b"\\")) == [text, None]


@pytest.mark.parametrize(
    ("native", "value", "given", "wanted", "sent", "canonical"),
    [
        ("boolean", "true", Kind.BOOL, DataType(kind=Kind.BOOL), "1", "1"),
        ("numeric", "-0.005", Kind.DECIMAL, DataType(kind=Kind.DECIMAL, precision=9, scale=3), "-0.005", "-0.005"),
        ("numeric", "7", Kind.DECIMAL, DataType(kind=Kind.DECIMAL, precision=9, scale=3), "7.000", "7.000"),
        ("float8", "-0", Kind.FLOAT, DataType(kind=Kind.FLOAT, bits=64), "-0", "8000000000000000"),
        ("bytea", "\\x00ff", Kind.BYTES, DataType(kind=Kind.BYTES), "00ff", "00ff"),
        ("date", "0044-03-15", Kind.DATE, DataType(kind=Kind.DATE), "0044-03-15", "0044-03-15"),
        ("time", "23:59:59.999999", Kind.TIME, DataType(kind=Kind.TIME, precision=6), "23:59:59.999999", "23:59:59.9999990"),
        ("timestamp", "infinity", Kind.TIMESTAMP, DataType(kind=Kind.TIMESTAMP, precision=6), "infinity", None),
        ("timestamp", "2026-12-31 23:59:59.999", Kind.TIMESTAMP, DataType(kind=Kind.TIMESTAMP, precision=3, native="datetime"),
         "2027-01-01 00:00:00", "2027-01-01 00:00:00.0000000"),
        ("timestamp", "2026-05-05 10:00:00.005", Kind.TIMESTAMP, DataType(kind=Kind.TIMESTAMP, precision=3, native="datetime"),
         "2026-05-05 10:00:00.007", "2026-05-05 10:00:00.0070000"),
        ("timestamp", "2026-05-05 10:00:31", Kind.TIMESTAMP, DataType(kind=Kind.TIMESTAMP, precision=0, native="smalldatetime"),
         "2026-05-05 10:01:00", "2026-05-05 10:01:00.0000000"),
    ],
)  # fmt: skip
def test_values_have_one_form(  # noqa: PLR0917 (pytest fills them by name)
    native: str, value: str, given: Kind, wanted: DataType, sent: str, canonical: str | None, pg_wheel_db: FreshDatabase
) -> None:
    asked = [sql(make(column("v"), DataType(kind=given), wanted)).text for make in (json_text, digest_text)]
    with psycopg.connect(pg_wheel_db(), autocommit=True) as session:
        session.execute(f"CREATE TABLE t (v {native})".encode())
        session.execute("INSERT INTO t VALUES (%s)", (value,))
        assert session.execute(f"SELECT {', '.join(asked)} FROM t".encode()).fetchone() == (sent, canonical)


def test_an_instant_is_sent_with_its_offset_and_digested_in_utc(pg_wheel_db: FreshDatabase) -> None:
    instant = DataType(kind=Kind.TIMESTAMP, tz=True, precision=6)
    asked = [sql(make(column("v"), instant, instant)).text for make in (json_text, digest_text)]
    with psycopg.connect(pg_wheel_db(), autocommit=True) as session:
        session.execute("SET TimeZone = 'Asia/Kolkata'")
        session.execute("CREATE TABLE t AS SELECT timestamptz '2026-03-01 00:00:00.5+05:30' AS v")
        assert session.execute(f"SELECT {', '.join(asked)} FROM t".encode()).fetchone() == (
            "2026-02-28 18:30:00.5+00:00",
            "2026-02-28 18:30:00.5000000",
        )
