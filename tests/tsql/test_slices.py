"""A backfill into SQL Server, TRANSPILED to Postgres and run there: slice follows slice until none is left.

Nothing of T-SQL itself is shown by this: see transpiled.py.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.bundle_files.test_parse import of
from tests.engine_fixtures import FreshDatabase
from tests.scriptdom import TsqlError
from tests.tsql.transpiled import changes, queries

LOAD = "backfill_replace_ms"
GIVEN = tuple((name, f"CURRENT_SETTING('dponec.{name}')") for name in ("window_low", "window_high", "run_id"))
ORDERS = "(id bigint, day date, at timestamptz, amount numeric(18,2), status text)"
NOTED = (
    "CREATE TABLE dbo.dponec_slices (load text, backfill text, window_low text, window_high text, run_id text, "
    "PRIMARY KEY (load, backfill, window_low, window_high))"
)


@pytest.fixture
def session(pg_wheel_db: FreshDatabase, parse_tsql: Callable[[str], list[TsqlError]]) -> psycopg.Connection:
    assert parse_tsql("SELECT 1;") == []
    made = psycopg.connect(pg_wheel_db(), autocommit=True)
    made.execute(f"CREATE SCHEMA dbo; CREATE TABLE dbo.orders {ORDERS}; {NOTED}".encode())
    made.execute(f"CREATE TABLE {staging()} {ORDERS}".encode())
    return made


def staging() -> str:
    (create,) = [text for path, text in of(LOAD, "mssql") if path.endswith("-create-rows.sql")]
    return create.split("INTO ", 1)[1].split()[0].replace("[", '"').replace("]", '"')


def load_slice(session: psycopg.Connection, source: dict[int, str]) -> tuple[str, str, str] | None:
    """One run: take a slice, stage its rows, replace the scope, note it."""
    (query,) = queries(LOAD, "next-slice")
    found: tuple[str, str, str] | None = session.execute(query.encode()).fetchone()
    if found is None:
        return None
    low, high, _ = found
    for name, value in (("window_low", low), ("window_high", high), ("run_id", f"run {low}")):
        session.execute("SELECT set_config(%s, %s, false)", (f"dponec.{name}", value))
    session.execute(f"TRUNCATE {staging()}".encode())
    for number, status in source.items():
        if int(low) <= number < int(high):
            session.execute(f"INSERT INTO {staging()} (id, status) VALUES (%s, %s)".encode(), (number, status))
    with session.transaction():
        for statement in changes(LOAD, "delete-scope", "insert-staged", "record-slice", given=GIVEN):
            session.execute(statement.encode())
    return found


def test_slices_follow_each_other_and_replace_what_is_theirs(session: psycopg.Connection) -> None:
    for number in (-1, 0, 999, 1000, 2499, 2500, 9000):
        session.execute("INSERT INTO dbo.orders (id, status) VALUES (%s, 'old')", (number,))
    source = {0: "new", 1000: "new", 1500: "new", 2499: "new", 2500: "never read"}
    taken = []
    while (found := load_slice(session, source)) is not None:
        taken.append(found)
    assert taken == [("0", "1000", "2"), ("1000", "2000", "1"), ("2000", "2500", "0")]
    rows = session.execute("SELECT id, status FROM dbo.orders ORDER BY id").fetchall()
    kept, new = [(-1, "old"), (2500, "old"), (9000, "old")], [(n, "new") for n in (0, 1000, 1500, 2499)]
    assert rows == sorted(kept + new)


def test_a_slice_that_is_noted_is_not_noted_again(session: psycopg.Connection) -> None:
    assert load_slice(session, {}) == ("0", "1000", "2")
    (note,) = changes(LOAD, "record-slice", given=GIVEN)
    with pytest.raises(psycopg.errors.UniqueViolation):
        session.execute(note.encode())


def test_a_note_that_is_deleted_lets_its_slice_be_loaded_again(session: psycopg.Connection) -> None:
    while load_slice(session, {}) is not None:
        pass
    session.execute("DELETE FROM dbo.dponec_slices WHERE window_low = '1000'")
    session.execute("UPDATE dbo.dponec_slices SET load = 'another' WHERE window_low = '2000'")
    assert load_slice(session, {}) == ("1000", "2000", "1")
    assert load_slice(session, {}) == ("2000", "2500", "0")


def test_an_attempt_keeps_its_slice() -> None:
    """What is resumed must be the slice that was begun."""
    (opened,) = [text for path, text in of(LOAD, "mssql") if path.endswith("-open-attempt.sql")]
    assert "[window_low] = @window_low, [window_high] = @window_high" in opened
