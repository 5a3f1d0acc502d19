"""A table of 120 columns with every kind of Postgres type, and rows of nasty values for it, from a seed.

A column is told by its type in the source and its type in ClickHouse. Values are texts that Postgres reads; some lie outside of
what the target holds, and `survives` says which: that is written here once more, by hand, and not taken from the compiler.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

Survives = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type on both sides, values that arrive, and values that cannot."""

    source: str
    target: str
    good: tuple[str, ...]
    bad: tuple[str, ...] = ()


_TEXTS = (
    "",
    " ",
    "a ",
    "\t",
    "\n",
    "\r\n",
    "\\",
    "\\N",
    "\\\\N",
    "NULL",
    "'",
    '"',
    "🦆",
    "漢字",
    "e\u0301",
    "\x01\x1f\x7f",
    "x" * 3000,
    "a\tb\\tc\nd",
)
_BITS = ("0", "1", "-1")
_WALLS = (
    "1970-01-01 00:00:00",
    "1999-12-31 23:59:59.999999",
    "2026-11-25 12:34:56.000001",
    "1900-01-01 00:00:00",
    "2299-12-31 23:59:59.999999",
)
_FAR = ("infinity", "-infinity", "0001-01-01 00:00:00", "1899-12-31 23:59:59.999999", "2300-01-01 00:00:00")
KINDS = (
    Kind("boolean", "Nullable(Bool)", ("t", "f")),
    Kind("boolean", "Nullable(String)", ("t", "f")),
    Kind("smallint", "Nullable(Int16)", (*_BITS, "32767", "-32768")),
    Kind("smallint", "Nullable(Int8)", (*_BITS, "127", "-128"), ("128", "-129")),
    Kind("integer", "Nullable(Int32)", (*_BITS, "2147483647", "-2147483648")),
    Kind("integer", "Nullable(UInt32)", ("0", "2147483647"), ("-1",)),
    Kind("bigint", "Nullable(Int64)", (*_BITS, "9223372036854775807", "-9223372036854775808")),
    Kind("bigint", "Nullable(Int32)", (*_BITS,), ("2147483648", "-2147483649")),
    Kind("bigint", "Nullable(Float64)", ("9007199254740992",), ("9007199254740993",)),
    Kind("oid", "Nullable(UInt32)", ("0", "4294967295")),
    Kind(
        "real", "Nullable(Float32)", ("0", "-0", "1.5", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", "0.1")
    ),
    Kind(
        "double precision",
        "Nullable(Float64)",
        (
            "0",
            "-0",
            "0.1",
            "1.7976931348623157e308",
            "5e-324",
            "NaN",
            "Infinity",
            "-Infinity",
            "2.2250738585072014e-308",
            "123456789.12345679",
        ),
    ),
    Kind("double precision", "Nullable(Float32)", ("1.5", "NaN", "-Infinity"), ("0.1", "1e300", "1e-300")),
    Kind("numeric(10,2)", "Nullable(Decimal(10, 2))", ("0", "1.20", "-99999999.99", "99999999.99"), ("NaN",)),
    Kind("numeric", "Nullable(Decimal(10, 2))", ("1.2", "1.20000"), ("1.239", "100000000", "NaN", "-Infinity")),
    Kind(
        "numeric(38,10)",
        "Nullable(Decimal(38, 10))",
        ("9999999999999999999999999999.9999999999", "-0.0000000001"),
        ("NaN",),
    ),
    Kind(
        "numeric",
        "Nullable(Decimal(76, 20))",
        ("12345678901234567890123456789012345678901234567890.12345678901234567890",),
        ("1e60", "1e-30"),
    ),
    Kind("numeric", "Nullable(String)", ("1.50", "NaN", "Infinity", "1e100", "1e-50")),
    Kind("numeric", "Nullable(Float64)", ("0.1", "1e300", "NaN"), ("0.12345678901234567890", "1e309", "1e-400")),
    Kind("text", "Nullable(String)", _TEXTS),
    Kind("character varying(20)", "Nullable(String)", tuple(t for t in _TEXTS if len(t) <= 20)),
    Kind("character varying(20)", "LowCardinality(Nullable(String))", tuple(t for t in _TEXTS if len(t) <= 20)),
    Kind("character(5)", "Nullable(String)", ("", "ab", "abcde", "漢字")),
    Kind("text", "Nullable(FixedString(3))", ("", "abc", "漢"), ("abcd", "漢字")),
    Kind("text", "Nullable(Enum8('a' = 1, 'b\\'c' = 2))", ("a", "b'c"), ("", "A")),
    Kind("bytea", "Nullable(String)", ("\\x", "\\x00ff0a095c", "\\xdeadbeef")),
    Kind("uuid", "Nullable(UUID)", ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff")),
    Kind(
        "date",
        "Nullable(Date)",
        ("1970-01-01", "2026-02-28", "2149-06-06"),
        ("1969-12-31", "1900-01-01", "2149-06-07", "infinity", "0001-01-01 BC"),
    ),
    Kind(
        "date",
        "Nullable(Date32)",
        ("1900-01-01", "1969-12-31", "2299-12-31"),
        ("1899-12-31", "2300-01-01", "-infinity"),
    ),
    Kind("date", "Nullable(String)", ("infinity", "0001-01-01 BC", "9999-12-31")),
    Kind("timestamp with time zone", "Nullable(DateTime64(6, 'UTC'))", _WALLS, _FAR),
    Kind(
        "timestamp with time zone",
        "Nullable(DateTime('UTC'))",
        ("1970-01-01 00:00:00", "2106-02-07 06:28:15"),
        ("1969-12-31 23:59:59", "2106-02-07 06:28:16", "2026-01-01 00:00:00.5", "infinity"),
    ),
    Kind("timestamp with time zone", "Nullable(String)", (*_WALLS, *_FAR)),
    Kind("timestamp without time zone", "Nullable(DateTime64(6, 'UTC'))", _WALLS, _FAR),
    Kind(
        "timestamp without time zone",
        "Nullable(DateTime64(3, 'UTC'))",
        ("2026-01-01 00:00:00.123", "1900-01-01 00:00:00"),
        ("2026-01-01 00:00:00.1234", "infinity"),
    ),
    Kind("time without time zone", "Nullable(String)", ("00:00:00", "24:00:00", "12:34:56.000001")),
    Kind("time with time zone", "Nullable(String)", ("00:00:00+00", "23:59:59.999999-15:59")),
    Kind("interval", "Nullable(String)", ("0", "1 year 2 mons -3 days 04:05:06.789", "-178000000 years")),
    Kind("json", "Nullable(String)", ('{"a":1, "a":2}', "null", '"\\u00e9\\n"', "1.10")),
    Kind("jsonb", "Nullable(String)", ('{"a": [1, 2.50, null]}', "null", '"\\\\N"')),
    Kind("integer[]", "Nullable(String)", ("{}", "{1,NULL,-2}"), ("[0:1]={1,2}",)),
    Kind("text[]", "Nullable(String)", ("{}", '{"a,b","\\"",NULL,""}')),
    Kind("inet", "Nullable(String)", ("192.168.0.1", "10.0.0.0/8", "::1")),
    Kind("cidr", "Nullable(String)", ("10.0.0.0/8",)),
    Kind("macaddr", "Nullable(String)", ("08:00:2b:01:02:03",)),
    Kind("money", "Nullable(String)", ("12.34", "-1")),
    Kind("bit(8)", "Nullable(String)", ("10101010",)),
    Kind("bit varying(8)", "Nullable(String)", ("", "1")),
    Kind("point", "Nullable(String)", ("(1.5,-0)",)),
    Kind("box", "Nullable(String)", ("(2,2),(1,1)",)),
    Kind("polygon", "Nullable(String)", ("((0,0),(1,1),(1,0))",)),
    Kind("int4range", "Nullable(String)", ("empty", "[1,5)", "(,)")),
    Kind("tstzrange", "Nullable(String)", ("[2026-01-01,infinity)",)),
    Kind("int4multirange", "Nullable(String)", ("{[1,2),[5,6)}",)),
    Kind("tsvector", "Nullable(String)", ("'a':1 'b c':2",)),
    Kind("tsquery", "Nullable(String)", ("'a' & 'b'",)),
    Kind("pg_lsn", "Nullable(String)", ("16/B374D848",)),
    Kind("mood", "Nullable(String)", ("ok", "so, so")),
    Kind("name", "Nullable(String)", ("", "a b")),
)
# What a ClickHouse of 2018 lacks, and what stands in its place there: a text takes every value of those.
LACKING = {
    "Nullable(Bool)": "Nullable(UInt8)",
    "Nullable(Decimal(76, 20))": "Nullable(String)",
    "Nullable(Date32)": "Nullable(String)",
    "Nullable(DateTime64(6, 'UTC'))": "Nullable(String)",
    "Nullable(DateTime64(3, 'UTC'))": "Nullable(String)",
    "LowCardinality(Nullable(String))": "Nullable(String)",  # an experiment that is switched off there
}
# Its calendar ends with 2105.
_LATE = {"2149-06-06": "2105-12-31", "2106-02-07 06:28:15": "2105-12-31 23:59:59"}
# Its reader of decimal digits gives some doubles another last bit and makes 0 of the least ones; and it prints some decimals of
# more than 24 digits before the point with zero bytes inside. Both are seen by the hash of staging: see the test beside.
MISREAD = ("5e-324", "1.0009e-200", "9.123456789012345e+89")
_MISPRINTED = "9999999999999999999999999999.9999999999"


def _of_2018(kind: Kind) -> Kind:
    wanted = LACKING.get(kind.target)
    if wanted == "Nullable(String)":
        return Kind(kind.source, wanted, (*kind.good, *kind.bad))
    if kind.target in ("Nullable(Date)", "Nullable(DateTime('UTC'))"):
        late = tuple(value for value in kind.good if value in _LATE)
        return Kind(kind.source, kind.target, tuple(_LATE.get(value, value) for value in kind.good), (*kind.bad, *late))
    good = tuple(value for value in kind.good if value not in (*MISREAD, _MISPRINTED))
    return Kind(kind.source, wanted or kind.target, good, kind.bad)


class Table:
    """A key and 119 columns. `old`: in the types of a ClickHouse of 2018."""

    def __init__(self, old: bool) -> None:
        kinds = tuple(_of_2018(kind) for kind in KINDS) if old else KINDS
        self.columns = tuple((f"c{place}", kinds[place % len(kinds)]) for place in range(119))
        self.names = ("id", *(name for name, _ in self.columns))

    def source_ddl(self) -> str:
        """The source."""
        listed = ", ".join(f"{name} {kind.source}" for name, kind in self.columns)
        return f"CREATE TYPE mood AS ENUM ('ok', 'so, so'); CREATE TABLE orders (id int PRIMARY KEY, {listed})"

    def target_columns(self) -> str:
        """The same in ClickHouse's words."""
        return "id Int32, " + ", ".join(f"{name} {kind.target}" for name, kind in self.columns)

    def rows(self, seed: int, places: range, *, bad: float) -> tuple[list[tuple[object, ...]], dict[str, int]]:
        """Rows, and how many values of each column cannot survive. `bad`: the share of such values; a tenth is NULL."""
        chance = random.Random(seed)
        made: list[tuple[object, ...]] = []
        lost = dict.fromkeys(self.names[1:], 0)
        for place in places:
            row: list[object] = [place]
            for name, kind in self.columns:
                if kind.bad and chance.random() < bad:
                    row.append(chance.choice(kind.bad))
                    lost[name] += 1
                else:
                    row.append(None if chance.random() < 0.1 else chance.choice(kind.good))
            made.append(tuple(row))
        return made, lost
