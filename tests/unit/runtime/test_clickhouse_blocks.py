"""Lines of TabSeparated as typed values, for a ClickHouse that is spoken to without its client."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpone_compiler.runtime.connections.clickhouse_blocks import lines, read_rows
from dpone_compiler.runtime.connections.session import Chunk, EngineError

COLUMNS = [
    ("i", "Nullable(Int64)"),
    ("t", "LowCardinality(Nullable(String))"),
    ("f", "Float64"),
    ("d", "Nullable(Decimal(38, 10))"),
    ("u", "UUID"),
    ("day", "Date"),
    ("at", "DateTime('UTC')"),
    ("e", "Enum8('a' = 1, 'b\\'c' = 2)"),
    ("x", "FixedString(3)"),
]
LINE = b"\t".join(
    (
        b"-9223372036854775808",
        b"a\\tb\\\\n\\0",
        b"-0",
        b"-0.0000000001",
        b"ffffffff-ffff-4fff-bfff-ffffffffffff",
        b"1970-01-01",
        b"1970-01-01 00:00:01",
        b"b'c",
        b"\xe6\xbc\xa2",
    )
)


def test_each_type_has_its_value() -> None:
    ((i, t, f, d, u, day, at, e, x),) = read_rows([LINE], COLUMNS)
    assert (i, t, str(f), d) == (-(2**63), b"a\tb\\n\0", "-0.0", Decimal("-0.0000000001"))
    assert (u, day, at, e, x) == (
        uuid.UUID("ffffffff-ffff-4fff-bfff-ffffffffffff"),
        date(1970, 1, 1),
        1,
        "b'c",
        b"\xe6\xbc\xa2",
    )


def test_null_is_not_the_text_of_null() -> None:
    assert list(read_rows([b"\\N\t\\\\N", b"1\t"], [("i", "Nullable(Int8)"), ("t", "Nullable(String)")])) == [
        (None, b"\\N"),
        (1, b""),
    ]


@pytest.mark.parametrize(
    "native", ["DateTime64(6, 'UTC')", "Array(String)", "Map(String, String)", "Nullable(Bool)", "JSON"]
)
def test_a_type_that_could_arrive_otherwise_is_refused_by_name(native: str) -> None:
    with pytest.raises(EngineError, match="'c' is") as caught:
        list(read_rows([b"1"], [("c", native)]))
    assert "clickhouse-client" in str(caught.value)


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(EngineError, match="2 fields instead of 1"):
        list(read_rows([b"1\t2"], [("c", "Int8")]))


@given(st.lists(st.binary(max_size=5).map(lambda text: text.replace(b"\n", b"")), max_size=8), st.integers(1, 7))
def test_lines_are_the_same_wherever_the_stream_is_cut(rows: list[bytes], size: int) -> None:
    stream = b"".join(row + b"\n" for row in rows)
    chunks = [Chunk(stream[at : at + size], 0) for at in range(0, len(stream), size)]
    assert list(lines(chunks)) == rows


def test_a_stream_that_breaks_off_in_a_line_is_no_row() -> None:
    with pytest.raises(EngineError, match="middle of a line"):
        list(lines([Chunk(b"1\n2", 2)]))
