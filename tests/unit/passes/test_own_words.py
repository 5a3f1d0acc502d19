"""A person's expression reaches the statements in its own words: what sqlglot would say otherwise, it does not say at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import Dialect

from dpone_compiler.ir.load import ParsedSql
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.parse import SqlFault
from dpone_compiler.sql.parse import parse_sql
from dpone_compiler.sql.postgres_types import parse_type

AT, RATE = (
    Column(name=name, type=parse_type(native), native=native, nullable=True)
    for name, native in (("at", "timestamptz"), ("rate", "real"))
)
COLUMNS = (AT, RATE, Column(name="It's", type=parse_type("text"), native="text", nullable=True))


def words(text: str, dialect: str, *, boolean: bool = True) -> str:
    found = parse_sql(text, dialect, COLUMNS if dialect == "postgres" else None, boolean=boolean)
    assert isinstance(found, ParsedSql), found
    return found.text


@pytest.mark.parametrize(
    "text",
    [
        *("now() - interval 'P1M'", "now() - interval '1 day 12:00:00'", "now() - interval '2 days 03:00'"),
        *("now() - interval '1 month ago'", "now() - interval '.5 days'", "now() - interval(3) '1 s'"),
        *("current_time::text", "current_user", "to_hex(255)", "e'a\\\\\\'b'", "u&'d\\0061'", "'$(x) :y <<z>>'"),
        "x'1f'::bit(8)::int",
    ],
)
def test_postgres(text: str) -> None:
    assert words(f"(AT)::text > ({text})::text", "postgres") == f'("at")::text > ({text})::text'


@pytest.mark.parametrize(
    "text",
    [
        *("DATEADD(y,-30,x)", "DATEDIFF(y, x, d)", "DATEADD(w, 1, x)", "CAST(0.1 AS real)", "SQUARE(x)", "LOG10(x)"),
        *("CAST(x AS ntext)", "FORMAT(x,'d')", "DATENAME(quarter,x)", "DATEDIFF(day, x, d)", "{d '2026-01-01'}"),
        *("DATEDIFF(day, '99991231', d)", "CURRENT_USER", "0x1F", "N'it''s'"),
    ],
)
def test_t_sql(text: str) -> None:
    assert words(f"[r]]s] = {text}", "tsql").replace("[x]", "x").replace("[d]", "d") == f"[r]]s] = {text}"


def test_columns_by_their_stored_names_strings_anew_and_no_comments() -> None:
    assert words("\"It's\" = $q$it's$q$ /* ' */ and -- x\n Rate<>1", "postgres") == (
        "\"It's\" = 'it''s' and \"rate\"<>1"
    )
    assert words("\"It's\" = 'a'\n  'b'", "postgres") == "\"It's\" = 'a'\n'b'"


def test_what_cannot_be_copied_is_refused_where_it_stands() -> None:
    fault = parse_sql("rate = f$x(rate)", "postgres", None, boolean=True)
    assert isinstance(fault, SqlFault)
    assert (fault.kind, fault.line, fault.column) == ("construct", 1, 8)
    assert "'f$x'" in fault.message


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("tsql", "HASHBYTES('SHA2_256') = 0x1"),
        ("tsql", "DATEDIFF(day, 99999999, a) > 1"),
        ("postgres", "rate::interval(3) > at"),
    ],
)
def test_what_sqlglot_stumbles_over_is_no_bug_of_ours(dialect: str, text: str) -> None:
    assert isinstance(parse_sql(text, dialect, None, boolean=True), SqlFault | ParsedSql)


_PIECES = st.sampled_from(
    [
        *(
            "rate",
            "AT",
            '"It\'s"',
            "'",
            "''",
            "$$",
            "$q$",
            "e'",
            "\\",
            "N'",
            "--",
            "/*",
            "*/",
            "\n",
            ";",
            "(",
            ")",
            "[",
            "]",
        ),
        *(
            "'x'",
            "u&'",
            "x'1f'",
            " and ",
            "<>",
            "=",
            "1",
            "|",
            "-",
            " ",
            "not ",
            "::text",
            '"',
            "`",
            "{",
            "}",
            "@",
            "$1",
        ),
        *(":a", "\u2028", "é"),
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join), st.sampled_from(["postgres", "tsql"]))
def test_nothing_gets_out_of_its_string(text: str, dialect: str) -> None:
    """What is accepted is read as the same tokens again, and holds nothing that begins a comment or ends the statement."""
    found = parse_sql(text, dialect, None, boolean=False)
    if isinstance(found, ParsedSql):
        before, after = (Dialect.get_or_raise(dialect).tokenize(each) for each in (text, found.text))
        assert len(before) == len(after)
        assert not [token.comments for token in after if token.comments]
        assert ";" not in [token.text for token in after if token.text == ";"]
