"""ClickHouse text: literals that read back exactly, placeholders found only in code, statements split only in code."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpone_compiler.runtime.connections import EngineError
from dpone_compiler.runtime.connections.clickhouse_text import (
    bind_legacy,
    query_parameters,
    quoted,
    read_table,
    split_statements,
)

VALUES = st.text(st.characters(codec="utf-8"))
NASTY = "a'b\\\n\t\0`\"{x:String} ; -- /* $$ %s :x \x01\x7f\uffff😀"


def unquoted(text: str) -> str:
    """An independent reading of a ClickHouse literal, character by character."""
    assert text[0] == text[-1] == "'"
    out, at, end = [], 1, len(text) - 1
    while at < end:
        if text[at] != "\\":
            assert text[at] != "'"
            out.append(text[at])
            at += 1
        elif text[at + 1] == "x":
            out.append(chr(int(text[at + 2 : at + 4], 16)))
            at += 4
        else:
            out.append(
                {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}.get(text[at + 1], text[at + 1])
            )
            at += 2
    return "".join(out)


@given(VALUES)
def test_literals_round_trip_and_hold_no_control_character(value: str) -> None:
    text = quoted(value)
    assert unquoted(text) == value
    assert not re.search("[\x00-\x1f\x7f]", text)


@given(VALUES, VALUES)
def test_a_value_never_opens_another_placeholder(first: str, second: str) -> None:
    assert bind_legacy("{a:String}|{b:String}", {"a": first, "b": second}) == quoted(first) + "|" + quoted(second)


@given(VALUES)
def test_a_literal_is_one_token_of_the_lexer(value: str) -> None:
    assert split_statements("SELECT " + quoted(value) + "; SELECT 2") == ["SELECT " + quoted(value), "SELECT 2"]


@pytest.mark.parametrize(
    "opaque", ["'{x:String}'", "'\\'{x:String}'", "'''{x:String}'", '"{x:String}"', "`{x:String}`", "-- {x:String}\n",
               "/* ' {x:String} */", "$a$ {x:String} ; $$ $a$"]
)  # fmt: skip
def test_quotes_and_comments_are_left_alone(opaque: str) -> None:
    assert bind_legacy(opaque + " {x:String}", {"x": NASTY}) == opaque + " " + quoted(NASTY)


@pytest.mark.parametrize(
    ("hole", "value", "text"),
    [
        ("{n:UInt64}", "18446744073709551615", "18446744073709551615"),
        ("{ n : Int8 }", "-5", "-5"),
        ("{n:Identifier}", "a`b\\", "`a\\`b\\\\`"),
        ("{n:DateTime('UTC')}", "2024-01-01 00:00:00", "CAST('2024-01-01 00:00:00' AS DateTime('UTC'))"),
        ("{n:Nullable(Decimal(18, 2))}", "1.50", "CAST('1.50' AS Nullable(Decimal(18, 2)))"),
        ("{n:Array(String)}", '["a\'", ";"]', "CAST(['a\\'', ';'] AS Array(String))"),
    ],
)
def test_types(hole: str, value: str, text: str) -> None:
    assert bind_legacy(hole, {"n": value}) == text


@pytest.mark.parametrize(
    ("hole", "value"),
    [("{n:UInt8}", "1; DROP"), ("{n:Int8}", "٣"), ("{n:Int8}", "1\n"), ("{n:Array(String)}", "[1]"), ("{n:Array(Int8)}", "[1]"),
     ("{n:Array(String)}", "['a']"), ("{n:Identifier}", ""), ("{n:String}", "\ud800"), ("{m:String}", "")],
)  # fmt: skip
def test_refusals(hole: str, value: str) -> None:
    with pytest.raises(EngineError):
        bind_legacy(hole, {"n": value})


def test_server_side_parameters() -> None:
    body = "SELECT {a:String}, {b:Array(String)}, '{c:String}'"
    given_values = query_parameters(body, {"a": "x\ty\\", "b": '["p\'"]', "c": "unused", "d": "unused"})
    assert given_values == {"a": "x\\ty\\\\", "b": "['p\\'']"}


def test_tables_decode_exactly() -> None:
    data = (
        b"a\\tb\tn\tarr\nString\tNullable(String)\tArray(String)\nx\\ty\\\\N\t\\N\t['a\\tb']\n\t\t[]\n\xff\\0\tN\t[]\n"
    )
    columns, rows = read_table(data)
    assert columns == ("a\tb", "n", "arr")
    assert rows == (("x\ty\\N", None, "['a\\tb']"), ("", "", "[]"), ("\udcff\0", "N", "[]"))


def test_split_keeps_comments_and_drops_nothing() -> None:
    assert split_statements("-- head\nSELECT ';'; /* ; */ SELECT 2; -- tail\n") == [
        "-- head\nSELECT ';'",
        "/* ; */ SELECT 2",
    ]
