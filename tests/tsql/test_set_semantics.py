"""The changes of a finalizer, TRANSPILED to Postgres and run there: their meaning as sets, and nothing of T-SQL itself.

What is proved: which rows an UPDATE … EXISTS (… EXCEPT …), an INSERT … WHERE NOT EXISTS and a DELETE … WHERE EXISTS touch. What is
not: locks, collations, conversions, error handling; for those there is only ScriptDom and the vendor's pages.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.bundle_files.test_parse import of
from tests.engine_fixtures import FreshDatabase
from tests.scriptdom import TsqlError
from tests.tsql.transpiled import changes

Rows = list[tuple[object, ...]]
TABLES = """CREATE SCHEMA dbo; CREATE SCHEMA staging;
CREATE TABLE dbo.orders (id bigint, day date, at timestamptz, amount numeric(18,2), status text, PRIMARY KEY (id, day));
CREATE TABLE {rows} (LIKE dbo.orders); CREATE TABLE {left} (id bigint, day date)"""


THERE = [(1, 1, "a"), (2, None, "b"), (3, 3, "c"), (4, 4, "d")]
STAGED = [(1, 1, "a"), (2, 2, "b"), (3, None, "C"), (5, 5, "e")]
MERGE = ("merge_ms", "delete-left", "update-matching", "insert-missing")


@pytest.fixture
def database(
    pg_wheel_db: FreshDatabase, parse_tsql: Callable[[str], list[TsqlError]]
) -> Callable[[str], psycopg.Connection]:
    assert parse_tsql("SELECT 1;") == []

    def make(name: str) -> psycopg.Connection:
        (create,) = [text for path, text in of(name, "mssql") if path.endswith("-create-rows.sql")]
        rows = create.split("INTO ", 1)[1].split()[0].replace("[", '"').replace("]", '"')
        session = psycopg.connect(pg_wheel_db(), autocommit=True)
        session.execute("SET TimeZone = 'UTC'")
        session.execute(TABLES.format(rows=rows, left=rows.replace("_rows", "_left")).encode())
        for table, values in (("dbo.orders", THERE), (rows, STAGED)):
            for number, amount, status in values:
                insert = f"INSERT INTO {table} VALUES (%s, '2026-01-01', '2026-01-01', %s, %s)"
                session.execute(insert.encode(), (number, amount, status))
        session.execute(f"INSERT INTO {rows.replace('_rows', '_left')} VALUES (4, '2026-01-01')".encode())
        return session

    return make


def stored(session: psycopg.Connection) -> Rows:
    return session.execute("SELECT id, amount::text, status FROM dbo.orders ORDER BY id").fetchall()


MERGED: Rows = [(1, "1.00", "a"), (2, "2.00", "b"), (3, None, "C"), (5, "5.00", "e")]


def test_update_and_insert_merge_by_key(database: Callable[[str], psycopg.Connection]) -> None:
    session = database("merge_ms")
    before = session.execute("SELECT xmin::text FROM dbo.orders WHERE id = 1").fetchone()
    for statement in changes(*MERGE):
        session.execute(statement.encode())
    assert stored(session) == MERGED
    # An equal row is not written: NULL against a value, a value against NULL and 'c' against 'C' are differences.
    assert session.execute("SELECT xmin::text FROM dbo.orders WHERE id = 1").fetchone() == before
    for statement in changes(*MERGE):  # twice is once
        session.execute(statement.encode())
    assert stored(session) == MERGED


def test_the_statements_are_those_of_the_bundle(database: Callable[[str], psycopg.Connection]) -> None:
    assert [one.split()[0] for one in changes(*MERGE)] == [
        "DELETE",
        "UPDATE",
        "INSERT",
    ]
    session = database("full_truncate_ms")
    for statement in changes("full_truncate_ms", "insert-staged"):
        session.execute(b"TRUNCATE dbo.orders")
        session.execute(statement.encode())
    assert [row[0] for row in stored(session)] == [1, 2, 3, 5]
