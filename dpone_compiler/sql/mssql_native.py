"""Type texts of SQL Server: read strictly, spelled in one way, and put into statements only when understood.

A native type comes from the catalog or from a manifest, so it is foreign text: only the names below become SQL.
https://learn.microsoft.com/en-us/sql/t-sql/data-types/data-types-transact-sql
"""

from __future__ import annotations

import re

from sqlglot import exp

from dpone_compiler.source.value import value

_ALIASES = {
    "integer": "int",
    "dec": "decimal",
    "numeric": "decimal",
    "character": "char",
    "character varying": "varchar",
    "national character varying": "nvarchar",
    "national character": "nchar",
    "binary varying": "varbinary",
    "double precision": "float",
    "timestamp": "rowversion",  # no point in time: a counter
    "sysname": "nvarchar",
}
_PLAIN = (
    *("bit", "tinyint", "smallint", "int", "bigint", "money", "smallmoney", "float", "real"),
    *("date", "datetime", "smalldatetime", "uniqueidentifier", "text", "ntext", "image", "rowversion"),
    *("xml", "sql_variant", "hierarchyid", "geography", "geometry"),
)
_SIZED = {"char": 8000, "varchar": 8000, "nchar": 4000, "nvarchar": 4000, "binary": 8000, "varbinary": 8000}
_MAX = ("varchar", "nvarchar", "varbinary")
_FRACTIONAL = ("time", "datetime2", "datetimeoffset")
_SHAPE = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*(?: [a-z]+)*)\s*(?:\(\s*(?P<args>max|\d{1,5}(?:\s*,\s*\d{1,2})?)\s*\))?\Z", re.IGNORECASE
)


class NativeTypeError(ValueError):
    """A type text that is not one of SQL Server; the message names it."""


@value
class NativeType:
    """A type: its name and its arguments, defaults written out."""

    name: str
    args: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The one spelling: nvarchar(20), decimal(18,2), datetime2(7), int."""
        return f"{self.name}({','.join(self.args)})" if self.args else self.name


def read_native(text: str) -> NativeType:
    """Understand a type text. Raises NativeTypeError."""
    found = _SHAPE.match(" ".join(text.split()))
    if found is None:
        raise NativeTypeError(f"{text!r} is not a type of SQL Server")
    said = found["name"].lower()
    name = _ALIASES.get(said, said)
    args = tuple(part.strip().lower() for part in found["args"].split(",")) if found["args"] else ()
    if said == "sysname":
        args = ("128",)
    made = _checked(name, args)
    if made is None:
        raise NativeTypeError(f"{text!r} is not a type of SQL Server")
    return made


def _checked(name: str, args: tuple[str, ...]) -> NativeType | None:
    """The type with its defaults, or None when the arguments do not fit the name."""
    if name == "float" and len(args) == 1 and args[0].isdigit() and 1 <= int(args[0]) <= 53:
        return NativeType("real" if int(args[0]) <= 24 else "float")
    if name in _PLAIN:
        return NativeType(name) if not args else None
    if name in _SIZED:
        size = args or ("1",)
        fits = len(size) == 1 and (
            (size[0] == "max" and name in _MAX) or (size[0].isdigit() and 1 <= int(size[0]) <= _SIZED[name])
        )
        return NativeType(name, size) if fits else None
    if name in _FRACTIONAL:
        digits = args or ("7",)
        return NativeType(name, digits) if len(digits) == 1 and digits[0] in "01234567" else None
    if name == "decimal":
        numbers = args if len(args) == 2 else (*args, "0") if args else ("18", "0")
        fits = all(n.isdigit() for n in numbers) and 1 <= int(numbers[0]) <= 38 and int(numbers[1]) <= int(numbers[0])
        return NativeType(name, numbers) if fits else None
    return None


def type_tree(text: str) -> exp.DataType:
    """The type as a tree that renders as exactly its one spelling. Raises NativeTypeError."""
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=read_native(text).text)
