"""Type texts of Postgres: read strictly, spelled as format_type() spells them, and put into statements only when understood.

A native type comes from the catalog or from a manifest, so it is foreign text: only the grammar below becomes SQL.
https://www.postgresql.org/docs/current/datatype.html
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from sqlglot import exp

from dpone_compiler.source.value import value

# Words that people write -> the words of format_type().
_ALIASES = {
    "int": "integer",
    "int4": "integer",
    "int2": "smallint",
    "int8": "bigint",
    "serial": "integer",
    "bigserial": "bigint",
    "float": "double precision",
    "float8": "double precision",
    "float4": "real",
    "bool": "boolean",
    "decimal": "numeric",
    "varchar": "character varying",
    "char": "character",
    "bpchar": "character",
    "varbit": "bit varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
}
_ZONED = ("timestamp", "time")
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*(?: [a-z]+)*\Z", re.IGNORECASE)
_NAME = r'(?:"(?:[^"]|"")+"|[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*)'
_SHAPE = re.compile(
    r"(?P<head>(?:\"(?:[^\"]|\"\")+\"|[^\"()\[\]])+?)\s*"
    r"(?:\((?P<args>\s*-?\d+\s*(?:,\s*-?\d+\s*)?|[A-Za-z]+(?:,\d+)?)\))?\s*"
    r"(?P<tail>(?:with(?:out)? time zone)?)\s*(?P<array>(?:\[\d*\])*)\Z",
    re.IGNORECASE | re.DOTALL,
)


class NativeTypeError(ValueError):
    """A type text that is not one of Postgres; the message names it."""


@value
class NativeType:
    """The parts of a type: its name without modifiers, the modifiers, and how many array dimensions are written."""

    name: str
    args: tuple[str, ...]
    array: bool

    @property
    def text(self) -> str:
        """The spelling of format_type()."""
        args = f"({','.join(self.args)})" if self.args else ""
        first, space, rest = self.name.partition(" ")
        base = f"{first}{args}{space}{rest}" if first in _ZONED else f"{self.name}{args}"
        return base + "[]" * self.array


@cache
def _qualified() -> re.Pattern[str]:
    """Compiled when a type is no built-in one: the range of letters makes it cost as much as the parsing of a manifest."""
    return re.compile(rf"{_NAME}(?:\.{_NAME})?\Z")


@lru_cache(maxsize=1024)
def read_native(text: str) -> NativeType:
    """Understand a type text. Raises NativeTypeError."""
    found = _SHAPE.match(text.strip())
    if found is None:
        raise NativeTypeError(f"{text!r} is not a Postgres type")
    args = tuple(part.strip() for part in found["args"].split(",")) if found["args"] else ()
    head = " ".join(found["head"].split()) if '"' not in found["head"] else found["head"].strip()
    if found["tail"]:
        head = f"{head} {' '.join(found['tail'].split())}"
    if not (_PLAIN.match(head) or _qualified().match(head)):
        raise NativeTypeError(f"{text!r} is not a Postgres type")
    name = head if '"' in head or "." in head else _ALIASES.get(head.lower(), head.lower())
    if name == "character" and not args:
        args = ("1",)
    if name == "numeric" and len(args) == 1:
        args = (args[0], "0")
    return NativeType(name, args, bool(found["array"]))


def type_tree(text: str) -> exp.DataType:
    """The type as a tree that renders as exactly its canonical spelling. Raises NativeTypeError."""
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=read_native(text).text)


def cast(value: exp.Expression, native: str) -> exp.Cast:
    """`CAST(value AS native)`. Raises NativeTypeError."""
    return exp.Cast(this=value, to=type_tree(native))
