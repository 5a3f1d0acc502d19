"""The quick digest on Postgres 15 and 18: the same on both, and it sees every change that a value can go through."""

from __future__ import annotations

from itertools import combinations

import psycopg
import pytest

from dpone_compiler.backends.postgres.digest import quick_sum, row_hash
from dpone_compiler.backends.postgres.script import word
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.postgres_types import parse_type
from tests.engine_fixtures import FreshDatabase

VALUES = {
    "boolean": ("true", "false"),
    "smallint": ("0", "1", "-1", "32767"),
    "integer": ("0", "1", "-2147483648"),
    "bigint": ("0", "1", "-1", "4294967295", "9223372036854775807", "-9223372036854775808"),
    "numeric": ("0", "0.1", "-0.1", "1e40", "12345678901234567890.0001", "NaN", "Infinity", "-Infinity"),
    "numeric(18,2)": ("0", "0.01", "-0.01", "9999999999999999.99"),
    "real": ("0", "-0", "1.1", "NaN", "Infinity", "-Infinity", "1e-45"),
    "double precision": ("0", "-0", "0.1", "0.30000000000000004", "0.3", "NaN", "Infinity", "-Infinity", "5e-324"),
    "text": ("", " ", "a", "A", "ä", "a\u0308", "a\tb\n\\", "x" * 100_000, "N", "1"),
    "character varying(20)": ("", "a", "a "),
    "bytea": (r"\x", r"\x00", r"\x0001", r"\xff"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"),
    "date": ("1970-01-01", "1970-01-02", "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"),
    "time without time zone": ("00:00", "24:00", "12:00:00.000001"),
    "time with time zone": ("12:00+00", "13:00+01"),
    "timestamp without time zone": (
        "1970-01-01",
        "1970-01-01 00:00:00.000001",
        "infinity",
        "-infinity",
        "294276-12-31",
    ),
    "timestamp with time zone": ("1970-01-01Z", "1970-01-01 00:00:00.000001Z", "infinity", "-infinity"),
    "interval": ("1 month", "30 days", "720 hours", "0"),
    "json": ("null", "{}", "[]", '{"a": 1}', '{"a":1}', '{"a": 1.0}'),
    "jsonb": ("null", "{}", "[]", '{"a": 1}', '{"a": 2}', '{"b": 1}', "[{}]", "[[]]", "[1, 2]", "[2, 1]", "1", "1.0"),
    "integer[]": ("{}", "{1}", "{1,2}", "{2,1}", "{NULL}"),
    "text[]": ("{}", '{""}', "{a}", '{"a,b"}', "{a,b}"),
}


def hashed(url: str, native: str) -> list[int]:
    """The hash of each value of a type, and last that of NULL."""
    type_ = parse_type(native)
    expression = word(row_hash(((column("v", "s"), type_),))).text
    with psycopg.connect(url) as session:
        session.execute("SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET IntervalStyle = postgres")
        query = f"SELECT {expression} FROM (SELECT %s::{native} AS v) AS s"
        return [session.execute(query.encode(), (given,)).fetchone()[0] for given in (*VALUES[native], None)]  # type: ignore[index]


@pytest.mark.parametrize("native", VALUES)
def test_two_versions_agree_and_no_two_values_do(
    native: str, pg_wheel_db: FreshDatabase, pg_debian_db: FreshDatabase
) -> None:
    new, old = hashed(pg_wheel_db(), native), hashed(pg_debian_db(), native)
    assert new == old
    assert len(set(new)) == len(new), dict(zip((*VALUES[native], None), new, strict=True))


ROWS = [(1, "a", "x"), (2, "b", "y"), (3, None, "z"), (4, "c", None)]
CHANGED = {
    "a row lost": ROWS[1:],
    "a row doubled": [*ROWS, ROWS[0]],
    "a row doubled and one lost": [ROWS[0], ROWS[0], *ROWS[2:]],
    "two equal pairs lost": ROWS[2:],
    "a value changed": [(1, "a", "X"), *ROWS[1:]],
    "a value became NULL": [(1, None, "x"), *ROWS[1:]],
    "columns changed places in a row": [(1, "x", "a"), *ROWS[1:]],
    "NULL changed places in a row": [*ROWS[:2], (3, "z", None), ROWS[3]],
    "values changed rows": [(1, "b", "x"), (2, "a", "y"), *ROWS[2:]],
    "a value moved to the next column": [(1, None, "x"), (2, "b", "y"), (3, "a", "z"), ROWS[3]],
}


def test_the_sum_sees_what_happens_to_rows(pg_wheel_db: FreshDatabase) -> None:
    columns = (("i", "bigint"), ("a", "text"), ("b", "text"))
    total = word(quick_sum(tuple((column(name, "s"), parse_type(native)) for name, native in columns))).text
    with psycopg.connect(pg_wheel_db(), autocommit=True) as session:
        session.execute("CREATE TABLE s (i bigint, a text, b text)")

        def digest(rows: list[tuple[int, str | None, str | None]]) -> str:
            session.execute("TRUNCATE s")
            session.cursor().executemany("INSERT INTO s VALUES (%s, %s, %s)", rows)
            return str(session.execute(f"SELECT {total} FROM s".encode()).fetchone()[0])  # type: ignore[index]

        assert digest(ROWS) == digest(ROWS[::-1]), "the order of rows is not content"
        found = {
            "as it was": digest(ROWS),
            "empty": digest([]),
            **{name: digest(rows) for name, rows in CHANGED.items()},
        }
    assert all(found[one] != found[other] for one, other in combinations(found, 2)), found


def test_a_wide_table_is_hashed_too(pg_wheel_db: FreshDatabase) -> None:
    values = tuple((column(f"c{n}", "s"), parse_type("integer")) for n in range(1600))
    listed = ", ".join(f"{n} AS c{n}" for n in range(1600))
    with psycopg.connect(pg_wheel_db()) as session:
        query = f"SELECT {word(quick_sum(values)).text} FROM (SELECT {listed}) AS s"
        assert session.execute(query.encode()).fetchone() != (0,)
