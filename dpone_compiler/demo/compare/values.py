"""What a value means, whatever engine printed it: the exact text of a column becomes one typed Python value.

Two columns hold the same value exactly when their typed values have the same ``repr``:

* numbers: ``int`` when whole, else the exact decimal text without trailing zeros (an engine's scale is not content);
* floats: ``float``, whose ``repr`` names one bit pattern (-0.0 and 0.0 differ; every NaN is one NaN);
* text and bytes: ``bytes``; booleans: ``bool``; dates: ``str``; moments: ``str`` in UTC, any number of fraction digits;
* UUIDs: ``str``; JSON: nested tuples, members sorted by name, numbers as the exact text.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from enum import Enum
from typing import Any

Parse = Callable[[bytes], object]


class Kind(Enum):
    """What the values of a column are."""

    NUMBER = "number"
    FLOAT4 = "float4"
    FLOAT8 = "float8"
    BOOL = "boolean"
    TEXT = "text"
    HEX = "bytes"
    DATE = "date"
    MOMENT = "moment"
    UUID = "uuid"
    JSON = "json"


def number(raw: bytes) -> object:
    """An exact number: 12, 12.0 and 12.00 are one value, -0 is 0."""
    if b"." not in raw:
        return int(raw) if raw[-1:].isdigit() else raw.decode().lower()
    shortest = raw.rstrip(b"0").rstrip(b".")
    return shortest.decode() if b"." in shortest else int(shortest or b"0")


def float4(raw: bytes) -> float:
    """A four-byte float, widened: the shortest text of a float4 is not the text of the same float8."""
    return float(struct.unpack("<f", struct.pack("<f", float(raw)))[0])


_BOOLEANS = {b"t": True, b"f": False, b"true": True, b"false": False, b"1": True, b"0": False}


def boolean(raw: bytes) -> object:
    """Postgres says t and f, ClickHouse true and false; an engine without booleans says 1 and 0, and 2 is none."""
    return _BOOLEANS.get(raw, raw)


def hexadecimal(raw: bytes) -> bytes:
    """Postgres writes bytea as ``\\x`` and hexadecimal digits."""
    return bytes.fromhex(raw[2:].decode())


def moment(raw: bytes) -> str:
    """A moment in UTC; `2024-01-01 00:00:00.500+00` and `2024-01-01T00:00:00.5Z` are one."""
    text = raw.decode().replace("T", " ").removesuffix("Z").removesuffix("+00")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment_in(zone: tzinfo) -> Parse:
    """Moments that an engine writes in a zone of its own."""

    def parse(raw: bytes) -> str:
        local = datetime.fromisoformat(raw.decode()).replace(tzinfo=zone)
        return moment(local.astimezone(UTC).replace(tzinfo=None).isoformat(" ").encode())

    return parse


class _Exact(str):
    """A number of a JSON document, kept as it is written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"#{self}"


class _Object(tuple[Any, ...]):
    """The members of a JSON object, so that an object never equals an array of pairs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"object{tuple(self)!r}"


def _members(pairs: list[tuple[str, Any]]) -> _Object:
    return _Object(sorted(pairs, key=lambda pair: pair[0]))


def _no_constant(word: str) -> object:
    raise ValueError(word)


_DECODER = json.JSONDecoder(
    parse_float=_Exact, parse_int=_Exact, parse_constant=_no_constant, object_pairs_hook=_members
)


def document(raw: bytes) -> object:
    """A JSON document (its null is not NULL); text that is none stays text, which no document equals."""
    try:
        return ("json", _DECODER.decode(raw.decode()))
    except ValueError:
        return ("not json", raw)


_PARSE: dict[Kind, Parse] = {
    Kind.NUMBER: number,
    Kind.FLOAT4: float4,
    Kind.FLOAT8: float,
    Kind.BOOL: boolean,
    Kind.TEXT: bytes,
    Kind.HEX: hexadecimal,
    Kind.DATE: bytes.decode,
    Kind.MOMENT: moment,
    Kind.UUID: lambda raw: raw.decode().lower(),
    Kind.JSON: document,
}


def meeting_kind(one: Kind, other: Kind) -> tuple[Kind, Kind]:
    """How two columns are read so that they can be equal at all: JSON kept as text, booleans kept as 0 and 1.

    Any other two kinds stay as they are; their values differ, and so does the table.
    """
    for kept, plain in ((Kind.JSON, Kind.TEXT), (Kind.BOOL, Kind.NUMBER)):
        if {one, other} == {kept, plain}:
            return kept, kept
    return one, other


def parser(kind: Kind) -> Parse:
    """How the text of a column of this kind is read."""
    return _PARSE[kind]


_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"a": b"\a", b"0": b"\0"}


def fields(line: bytes) -> list[bytes | None]:
    """The fields of a tab-separated line, in the escapes that Postgres COPY and ClickHouse share; None is NULL."""
    if b"\\" not in line:
        return list(line.split(b"\t"))
    return [
        raw if b"\\" not in raw else None if raw == b"\\N" else _ESCAPE.sub(_meant, raw) for raw in line.split(b"\t")
    ]


def _meant(found: re.Match[bytes]) -> bytes:
    return _MEANT.get(found[1], found[1])
