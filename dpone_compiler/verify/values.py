"""What a cell means, whichever engine printed it: text and type become one Python value that compares and has an order.

Numbers are int or Decimal, so 1.5 is 1.50; instants are in UTC; JSON is its content; what is not known by its type stays text.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import isnan
from typing import Any

from dpone_compiler.expr.types import DataType, Kind

_FRACTION = re.compile(r"\.(\d+)")
_BOOLEANS = {"t": True, "f": False, "true": True, "false": False, "1": True, "0": False}


def meeting_type(source: DataType, target: DataType) -> DataType:
    """The type that both sides are read with: the source's meaning, as fine as the target can hold."""
    if source.kind is Kind.TIMESTAMP and target.kind is Kind.TIMESTAMP:
        fine = [6 if each.precision is None else each.precision for each in (source, target)]
        return replace(source, precision=min(fine))
    return target if source.kind is Kind.DATE else source


def value_of(text: str | None, type_: DataType) -> Any:
    """The value of a cell."""
    if text is None:
        return None
    return _READ.get(type_.kind, _as_it_is)(text, type_)


def _as_it_is(text: str, _type: DataType) -> Any:
    return text


def _number(text: str, _type: DataType) -> Any:
    number = Decimal(text)
    return text.lower() if not number.is_finite() else int(number) if number == number.to_integral_value() else number


def _float(text: str, type_: DataType) -> Any:
    number = float(text)
    if type_.bits == 32:
        number = float(struct.unpack("<f", struct.pack("<f", number))[0])
    return "nan" if isnan(number) else number


def _text(text: str, type_: DataType) -> Any:
    return text.rstrip(" ") if type_.padded else text


def _bytes(text: str, _type: DataType) -> Any:
    return text.removeprefix("\\x").lower()


def _date(text: str, _type: DataType) -> Any:
    return date.fromisoformat(text[:10])


def _timestamp(text: str, type_: DataType) -> Any:
    """An instant in UTC, or a wall clock; cut to what both sides can hold."""
    text = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text.replace("T", " "))
    moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", text))
    if moment.tzinfo is None and type_.tz:
        moment = moment.replace(tzinfo=UTC)
    if type_.tz:
        moment = moment.astimezone(UTC)
    step = 10 ** (6 - min(6, 6 if type_.precision is None else type_.precision))
    return moment - timedelta(microseconds=moment.microsecond % step)


def _json(text: str, _type: DataType) -> Any:
    try:
        return json.dumps(json.loads(text, parse_float=_exact, parse_int=_exact), sort_keys=True, ensure_ascii=False)
    except ValueError:
        return text


def _exact(text: str) -> str:
    return f"#{text}"


_READ: dict[Kind, Callable[[str, DataType], Any]] = {
    Kind.BOOL: lambda text, _: _BOOLEANS.get(text, text),
    Kind.INT: _number,
    Kind.DECIMAL: _number,
    Kind.FLOAT: _float,
    Kind.TEXT: _text,
    Kind.BYTES: _bytes,
    Kind.UUID: lambda text, _: text.lower(),
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.JSON: _json,
}


def unit_of(unit: str) -> Callable[[Any], Any]:
    """The partition of a column value: the beginning of its unit, in UTC; `value`: the value itself."""
    if unit == "value":
        return lambda each: each
    kept = {"hour": 4, "day": 3, "month": 2, "year": 1}[unit]

    def start(each: date | datetime) -> tuple[int, ...]:
        return (each.year, each.month, each.day, getattr(each, "hour", 0))[:kept]

    return start


def partition_name(unit: str, place: Any) -> str:
    """How a partition is named to a resync: a beginning as `unit_of` gives it; `value`: the value itself."""
    if unit == "value":
        return str(place)
    given: tuple[int, ...] = place
    year, month, day, hour = (*given, *(1, 1, 0)[len(given) - 1 :])
    return f"{year:04}-{month:02}-{day:02}" + (f" {hour:02}:00:00" if unit == "hour" else "")


def shown(each: Any) -> str:
    """A value for people."""
    if each is None:
        return "NULL"
    return repr(each) if isinstance(each, str) else str(each)
