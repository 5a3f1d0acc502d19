"""What a SWITCH leaves, as sets: the INSERT and the CHECK of each new table TRANSPILED to Postgres and run there, and the exchange itself
said by hand (the rows between the bounds leave, those of the new table come). Nothing of T-SQL, of locks or of metadata is proved.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.bundle_files.test_parse import of
from tests.engine_fixtures import FreshDatabase
from tests.scriptdom import TsqlError
from tests.tsql.dynamic import Sampled, run_texts
from tests.tsql.transpiled import transpiled

MONTHS = (("2025-12-01", "2026-01-01"), ("2026-01-01", "2026-02-01"))
THERE = [
    (1, "2025-11-30", "a"),
    (2, "2025-12-31", "b"),
    (3, "2026-01-01", "c"),
    (4, "2026-01-31", "d"),
    (5, "2026-02-01", "e"),
]
# 2 moved into January, 3 is gone, 6 is new on the first day, 7 on the last.
STAGED = [(2, "2026-01-15", "B"), (4, "2026-01-31", "D"), (6, "2026-01-01", "f"), (7, "2025-12-31", "g")]
LEFT = [(1, "a"), (2, "B"), (4, "D"), (5, "e"), (6, "f"), (7, "g")]


def test_each_month_holds_what_was_staged_and_the_others_stay(
    pg_wheel_db: FreshDatabase, parse_tsql: Callable[[str], list[TsqlError]]
) -> None:
    assert parse_tsql("SELECT 1;") == []
    (build,) = [text for path, text in of("switch_ms", "mssql") if path.endswith("-build-partitions.sql")]
    with psycopg.connect(pg_wheel_db(), autocommit=True) as session:
        (insert, *_) = [text for text in run_texts(build, Sampled(*MONTHS[0])) if text.startswith("INSERT")]
        rows = insert.split(" FROM ")[1].split()[0].replace("[", '"').replace("]", '"')
        session.execute("CREATE SCHEMA dbo; SET TimeZone = 'UTC'")
        for name, values in (("dbo.orders_months", THERE), (rows, STAGED)):
            columns = "(id bigint, day date NOT NULL, at timestamptz, amount numeric(18,2), status text)"
            session.execute(f"CREATE TABLE {name} {columns}".encode())
            for number, day, status in values:
                session.execute(
                    f"INSERT INTO {name} VALUES (%s, %s, '2026-01-01', 1, %s)".encode(), (number, day, status)
                )
        built = 0
        for low, high in MONTHS:
            texts = run_texts(build, Sampled(low, high))
            (insert,) = [
                text.split(";")[0].replace(" WITH (TABLOCK)", "") for text in texts if text.startswith("INSERT")
            ]
            (check,) = [text for text in texts if " CHECK " in text]
            given = (("low", f"'{low}'::date"), ("high", f"'{high}'::date"))
            session.execute("CREATE TABLE dbo.new (LIKE dbo.orders_months)")
            bound = transpiled(f"SELECT 1 WHERE ({check.split(' CHECK (')[1].rstrip(');')})").split(" WHERE ")[1]
            session.execute(f"ALTER TABLE dbo.new ADD CHECK {bound}".encode())
            built += session.execute(transpiled(insert, given).encode()).rowcount
            with pytest.raises(psycopg.errors.CheckViolation):
                session.execute("INSERT INTO dbo.new SELECT 9, %s, now(), 0, ''", (high,))
            session.execute("DELETE FROM dbo.orders_months WHERE day >= %s AND day < %s", (low, high))
            session.execute("INSERT INTO dbo.orders_months SELECT * FROM dbo.new")
            session.execute("DROP TABLE dbo.new")
        assert built == len(STAGED)
        assert session.execute("SELECT id, status FROM dbo.orders_months ORDER BY id").fetchall() == LEFT
