"""Errors keep the names of things and lose the values of rows."""

import pytest

from dpone_compiler.runtime.connections.clickhouse_errors import normalise
from dpone_compiler.runtime.connections.postgres_errors import redact

S = "s3cret"


@pytest.mark.parametrize(
    ("state", "primary", "detail", "context", "kept"),
    [
        (
            "23505",
            'duplicate key value violates unique constraint "u"',
            f"Key (email)=({S}) already exists.",
            "",
            "(email)",
        ),
        ("23505", "dup", f"Key (lower(a), b)=({S}, 2) already exists.", f'COPY t, line 7: "{S}"', "COPY t, line 7"),
        ("23503", "fk", f'Key (a)=({S}) is not present in table "p".', "", 'is not present in table "p"'),
        ("23P01", "ex", f"Key (r)=([{S},2)) conflicts with existing key (r)=([{S},3)).", "", "Key (r)=(…)"),
        ("23502", 'null value in column "a" of relation "t"', f"Failing row contains ({S}).", "", 'column "a"'),
        (
            "22P02",
            f'invalid input syntax for type integer: "{S}"x"',
            "",
            f'COPY t, line 3, column a: "{S}"',
            "line 3, column a",
        ),
        ("22003", f'value "{S}" is out of range for type integer', "", "", "out of range"),
        ("22P02", f'invalid input value for enum mood: "{S}"', "", "", "enum mood"),
        ("22P04", 'missing data for column "b"', "", "", '"b"'),
        ("22P02", "invalid input syntax for type json", f'Token "{S}" is invalid.', f"JSON data, line 1: {S}", "json"),
    ],
)
def test_postgres(state: str, primary: str, detail: str, context: str, kept: str) -> None:
    message = redact(state, primary, detail, context)
    assert S not in message
    assert kept in message


@pytest.mark.parametrize(
    ("text", "code", "kept"),
    [
        (
            "Code: 27, e.displayText() = DB::Exception: Cannot parse input: expected \\t before: s3cret\\n: (at row 4)\n\n"
            'Row 3:\nColumn 0,   name: a, type: UInt32, parsed text: "3"\nColumn 1, name: s, type: Int8, ERROR: text "s3cret"',
            "27",
            "column s of type Int8",
        ),
        (
            "Code: 6. DB::Exception: Cannot parse string 's3cret' as UInt8: syntax error. (CANNOT_PARSE_TEXT)",
            "6",
            "Cannot",
        ),
        ("Code: 60. DB::Exception: Table default.t does not exist. (UNKNOWN_TABLE) (version 25.1)", "60", "default.t"),
    ],
)
def test_clickhouse(text: str, code: str, kept: str) -> None:
    error = normalise(text)
    assert error.code == code
    assert S not in str(error)
    assert kept in error.message
