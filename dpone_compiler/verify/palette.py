"""Awkward values for each type: few, so that rows meet, and the plainest first, so that a case shrinks to it."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from uuid import UUID

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.verify.intent import Carried, Intent, TableColumn

_TEXTS = (
    "a", "", "A", "é", "tab\there", "line\nbreak", "\r\n", "back\\slash \\N", "quote ' \" `", "Ünï — 漢字 🦆", " ", "NULL",
    "; DROP TABLE x --",
)  # fmt: skip
_DATES = ("2026-01-31", "2026-02-01", "2026-03-15", "2024-02-29", "1970-01-02", "1999-12-31")
_TIMES = ("12:00:00.000000", "00:00:00.000001", "23:59:59.999999")
_UUIDS = tuple(str(UUID(int=number)) for number in (1, 2**128 - 1, 0x1234567890ABCDEF << 64))
_JSONS = ('{"a": 1}', '{"b": [1.50, null, "ü\\n"], "a": {"b": 1}}', "[]", '"x"', "12345678901234567890.5")
_PLAIN = {"inet": ("10.0.0.1", "::1/64"), "cidr": ("10.0.0.0/8",), "macaddr": ("08:00:2b:01:02:03",)}
_BY_KIND: dict[Kind, tuple[str, ...]] = {
    Kind.BOOL: ("false", "true"),
    Kind.BYTES: ("\\x", "\\x00ff5c"),
    Kind.UUID: _UUIDS,
    Kind.JSON: _JSONS,
    Kind.INTERVAL: ("00:00:00", "1 day", "-3 mons"),
    Kind.ARRAY: ("{}",),
}
_LITERAL = re.compile(r"'((?:[^']|'')*)'")


def palette(intent: Intent, column: TableColumn) -> tuple[str | None, ...]:
    """Cells of a source column that arrive exactly; () when its type is not known here."""
    carried = intent.carried_from(column.name)
    cells: list[str | None] = list(_sliced(intent, column) or _dated(intent, column) or _cells(column, carried))
    conditions = [said for said in (intent.read["where"], intent.read.get("tombstone")) if said]
    if column.type.kind is Kind.TEXT:
        literals = [_LITERAL.findall(said["text"]) for said in conditions if column.name in said["columns"]]
        cells[1:1] = [found.replace("''", "'") for listed in literals for found in listed]
    if column.nullable and _takes_null(intent, carried):
        cells.insert(1, None)
    return tuple(dict.fromkeys(cells))


def _takes_null(intent: Intent, carried: Carried | None) -> bool:
    """A NULL that the target cannot hold is refused by every plan, so it is no awkward row but another table."""
    return carried is None or next(
        (each.nullable for each in intent.target.columns if each.name == carried.target), True
    )


def _sliced(intent: Intent, column: TableColumn) -> tuple[str, ...]:
    """The column that a backfill is cut by: the edges of its first two and last slices, and what lies behind the range."""
    slices = intent.slices
    if slices is None or slices.column != column.name:
        return ()
    pairs = slices.pairs()
    return tuple(dict.fromkeys(end for pair in (*pairs[:2], pairs[-1]) for end in pair))


def partitions_of(intent: Intent) -> tuple[tuple[str, str], ...]:
    """Bounds `[low, high)`, as Postgres reads them, of the partitions that hold every cell of the partition column."""
    partition = intent.write["partition"]
    carried = next((each for each in intent.carried if partition and each.target == partition["column"]), None)
    if carried is None or partition["unit"] == "value" or carried.expression:
        return ()
    zone = "+00" if carried.target_type.tz else ""
    starts = {
        datetime.fromisoformat(cell).replace(**_FIRST[partition["unit"]])  # type: ignore[arg-type]
        for cell in _dated(intent, intent.source.column(carried.source))
    }
    return tuple((f"{low}{zone}", f"{_following(low, partition['unit'])}{zone}") for low in sorted(starts))


_MIDNIGHT = {"hour": 0, "minute": 0, "second": 0}
_FIRST = {
    "hour": {"minute": 0, "second": 0},
    "day": _MIDNIGHT,
    "month": {"day": 1, **_MIDNIGHT},
    "year": {"month": 1, "day": 1, **_MIDNIGHT},
}


def _following(low: datetime, unit: str) -> datetime:
    """Where the next partition begins."""
    if unit in ("hour", "day"):
        return low + timedelta(**{f"{unit}s": 1})
    later = low.replace(day=1) + timedelta(days=32 if unit == "month" else 366)
    return later.replace(**_FIRST[unit])  # type: ignore[arg-type]


def _dated(intent: Intent, column: TableColumn) -> tuple[str, ...]:
    """The partition column: two values in one month, and other months."""
    partition = intent.write["partition"]
    carried = intent.carried_from(column.name)
    if partition is None or carried is None or carried.target != partition["column"]:
        return ()
    days = ("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01", "2025-03-01")
    if column.type.kind is Kind.DATE:
        return days
    if column.type.kind is Kind.TIMESTAMP:
        return tuple(f"{day} {clock}" for day in days for clock in ("00:00:00", "23:59:59"))
    return ()


def _cells(column: TableColumn, carried: Carried | None) -> tuple[str, ...]:
    types = (column.type,) if carried is None or carried.expression else (column.type, carried.target_type)
    exact = carried is None or not carried.lossy
    match column.type.kind:
        case Kind.INT:
            return _integers(types)
        case Kind.DECIMAL:
            return _decimals(types)
        case Kind.FLOAT:
            return ("0", "1.5", "-2.25e-10", *(("3.4e38",) if column.type.bits == 32 else ("1.7976931348623157e308",)))
        case Kind.TEXT:
            return _texts(types, exact)
        case Kind.DATE:
            return (*_DATES, *_ends(types, "0001-01-01", "9999-12-31"))
        case Kind.TIME:
            return tuple(each[: 9 + (6 if column.type.precision is None else column.type.precision)] for each in _TIMES)
        case Kind.TIMESTAMP:
            return _moments(types)
        case _:
            return _PLAIN.get(column.native, _BY_KIND.get(column.type.kind, ()))


def _integers(types: tuple[DataType, ...]) -> tuple[str, ...]:
    bits = min(each.bits or 64 for each in types if each.kind is Kind.INT)
    unsigned = any(each.kind is Kind.INT and not each.signed for each in types)
    top = 2 ** (bits - 1) - 1
    return ("0", "1", str(top)) if unsigned else ("0", "1", "-1", str(top), str(-top - 1))


def _decimals(types: tuple[DataType, ...]) -> tuple[str, ...]:
    sizes = [(each.precision, each.scale or 0) for each in types if each.kind is Kind.DECIMAL and each.precision]
    scale = min((scale for _, scale in sizes), default=6)
    whole = min((precision - scale_ for precision, scale_ in sizes), default=20)
    if whole <= 0 or scale < 0:
        return ("0",)
    nines = "9" * whole + ("." + "9" * scale if scale else "")
    small = "0." + "0" * (scale - 1) + "1" if scale else "1"
    return "0", "1.50"[: 2 + scale] if scale else "1", small, nines, f"-{nines}"


def _texts(types: tuple[DataType, ...], exact: bool) -> tuple[str, ...]:
    room = min((each.length for each in types if each.length is not None), default=10**6)
    texts = [text for text in _TEXTS if len(text.encode()) <= room]
    if types[0].padded or not exact:
        return tuple(text.ljust(room)[:room] for text in ("a", "b", "c") if room)
    return tuple(texts) or ("",)


def _moments(types: tuple[DataType, ...]) -> tuple[str, ...]:
    precision = min(6 if each.precision is None else each.precision for each in types if each.kind is Kind.TIMESTAMP)
    clocks = [each[: 9 + precision].rstrip(".") if precision else each[:8] for each in _TIMES]
    days = (*_DATES[:4], *_ends(types, "0001-01-02", "9999-12-30"))
    return tuple(f"{day} {clock}" for day in days for clock in clocks[: 2 if day != days[0] else 3])


def _ends(types: tuple[DataType, ...], first: str, last: str) -> tuple[str, ...]:
    """The far ends of the calendar, where source and target are one engine."""
    return (first, last) if len({each.native for each in types}) == 1 and types[0].native else ()


def distinct(column: TableColumn, number: int) -> str | None:
    """A cell that no other number gives; None when the type has too few."""
    match column.type.kind:
        case Kind.INT | Kind.DECIMAL | Kind.FLOAT:
            return str(number)
        case Kind.TEXT:
            text = f"k{number}"
            return text if column.type.length is None or len(text) <= column.type.length else None
        case Kind.UUID:
            return str(UUID(int=number))
        case Kind.DATE:
            return (date(2026, 1, 1) + timedelta(days=number)).isoformat()
        case Kind.TIMESTAMP:
            return f"{date(2026, 1, 1) + timedelta(days=number)} 12:00:00"
        case _:
            return None
