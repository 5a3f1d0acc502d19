"""How a value of a source column becomes one of a SQL Server column: what may be lost, and what cannot be carried at all.

Refused is what SQL Server would take and change without a word: CONVERT(int, '') is 0, CONVERT(date, '') is 1900-01-01, and any
number but 0 is a bit of 1. https://learn.microsoft.com/en-us/sql/t-sql/functions/cast-and-convert-transact-sql
"""

from __future__ import annotations

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.backend import Carry

_NUMBERS = (Kind.INT, Kind.DECIMAL)
_DATES = "infinity and years outside of 1 to 9999 stop the load"
_LEGACY = {
    # https://learn.microsoft.com/en-us/sql/t-sql/data-types/datetime-transact-sql and smalldatetime-transact-sql
    "datetime": "fractions are rounded to .000, .003 or .007 s; infinity and years outside of 1753 to 9999 stop the load",
    "smalldatetime": "rounded to the minute; years outside of 1900 to 2079 stop the load",
}


def carry(source: Column, target: Column, engine: str) -> Carry:
    """Seen from the sink; rows come as JSON arrays of texts."""
    loss, refused = _convert(source.type, target)
    return Carry(binary=False, loss=loss, refused=refused, form="json")


def _convert(given: DataType, target: Column) -> tuple[str, str]:
    """(loss, refused)."""
    wanted = target.type
    if wanted.kind is Kind.OTHER:
        return "", f"a {target.native} does not keep the text that it is given; use nvarchar(max)"
    if wanted.kind is Kind.TEXT:
        return _into_text(given, wanted), ""
    if given.kind in _NUMBERS and wanted.kind in (*_NUMBERS, Kind.FLOAT):
        return _between_numbers(given, wanted), ""
    if wanted.native == "rowversion":
        return "", "a rowversion is written by the server alone"
    pair = (given.kind, wanted.kind)
    if pair == (Kind.BOOL, Kind.INT):
        return "", ""
    if pair == (Kind.FLOAT, Kind.DECIMAL):
        return "rounded to the scale; NaN and infinity stop the load", ""
    if pair in ((Kind.DATE, Kind.TIMESTAMP), (Kind.TIMESTAMP, Kind.DATE), (Kind.TEXT, Kind.UUID)):
        return _ACROSS[pair], ""
    if given.kind is wanted.kind:
        return _same_family(given, wanted)
    return "", f"a {given.label()} is not a {target.native}; cast it in the manifest"


_ACROSS = {
    (Kind.DATE, Kind.TIMESTAMP): _DATES,
    (Kind.TIMESTAMP, Kind.DATE): f"the time of day is dropped; {_DATES}",
    (Kind.TEXT, Kind.UUID): "text that is not a uuid stops the load",
}


def _into_text(given: DataType, wanted: DataType) -> str:
    losses: list[str] = []
    if wanted.native == "varchar" and given.kind in (Kind.TEXT, Kind.JSON, Kind.ENUM, Kind.OTHER, Kind.ARRAY):
        losses.append("characters outside of the column's code page stop the load")
    if wanted.length is not None and not _fits(given, wanted.length):
        losses.append(
            f"text of more than {wanted.length} UTF-16 units stops the load (a character beyond U+FFFF is two); "
            "blanks beyond that are cut"
        )
    if wanted.padded or given.padded:
        losses.append("blanks at the end are not kept apart from padding")
    return "; ".join(losses)


def _fits(given: DataType, units: int) -> bool:
    match given.kind:
        case Kind.TEXT:
            return given.length is not None and 2 * given.length <= units
        case Kind.BYTES:
            return given.length is not None and 2 * given.length <= units
        case Kind.UUID:
            return units >= 36
        case Kind.BOOL:
            return units >= 5
        case Kind.INT:
            return units >= 20
        case Kind.DATE | Kind.TIMESTAMP | Kind.TIME | Kind.FLOAT:
            return units >= 40
        case _:
            return False


def _between_numbers(given: DataType, wanted: DataType) -> str:
    if wanted.kind is Kind.FLOAT:
        exact = given.kind is Kind.INT and (given.bits or 64) <= (24 if wanted.bits == 32 else 53)
        return "" if exact else "digits beyond the float's 15 to 17 (6 to 9 for real) are rounded; NaN stops the load"
    if wanted.kind is Kind.INT:
        if given.kind is Kind.DECIMAL:
            exact = given.scale == 0 and _digits(given) < _digits(wanted)
            return "" if exact else "fractions and numbers out of range stop the load"
        return "" if _holds(wanted, given) else f"numbers out of the range of {wanted.label()} stop the load"
    scale, room = wanted.scale or 0, (wanted.precision or 38) - (wanted.scale or 0)
    losses = []
    if given.kind is Kind.DECIMAL and (given.scale is None or given.scale > scale):
        losses.append(f"digits beyond scale {scale} are rounded")
    if _digits(given) > room:
        losses.append(f"numbers of more than {room} digits before the point stop the load")
    return "; ".join(losses)


def _holds(wanted: DataType, given: DataType) -> bool:
    """tinyint has no negative numbers."""
    have, need = wanted.bits or 64, given.bits or 64
    if not wanted.signed:
        return not given.signed and need <= have
    return need + (0 if given.signed else 1) <= have


def _digits(type_: DataType) -> int:
    if type_.kind is Kind.INT:
        return len(str(2 ** ((type_.bits or 64) - (1 if type_.signed else 0))))
    return 131072 if type_.precision is None else type_.precision - (type_.scale or 0)


def _same_family(given: DataType, wanted: DataType) -> tuple[str, str]:
    match given.kind:
        case Kind.FLOAT:
            losses = ["rounded to single precision"] if (given.bits or 64) > (wanted.bits or 64) else []
            return "; ".join([*losses, "NaN and infinity stop the load"]), ""
        case Kind.BYTES:
            return _bytes(given, wanted)
        case Kind.TIMESTAMP:
            return _timestamps(given, wanted), ""
        case Kind.DATE:
            return _DATES, ""
        case Kind.TIME if given.tz:
            return "", "a time with an offset has no type here; cast it to time or to text in the manifest"
        case Kind.TIME:
            held = 7 if wanted.precision is None else wanted.precision
            losses = [f"fractions of a second beyond {held} digits are rounded"] if held < _precision(given) else []
            return "; ".join([*losses, "24:00:00 stops the load"]), ""
        case _:
            return "", ""


def _bytes(given: DataType, wanted: DataType) -> tuple[str, str]:
    losses = []
    if wanted.length is not None and (given.length is None or given.length > wanted.length):
        losses.append(f"values of more than {wanted.length} bytes stop the load")
    if wanted.padded and not (given.padded and given.length == wanted.length):
        return "", "a binary(n) fills shorter values with zero bytes; use varbinary"
    return "; ".join(losses), ""


def _precision(type_: DataType) -> int:
    return 6 if type_.precision is None else type_.precision


def _timestamps(given: DataType, wanted: DataType) -> str:
    losses = []
    if given.tz is not wanted.tz:
        losses.append("read as UTC" if wanted.tz else "stored as the wall clock of UTC, the offset is dropped")
    if wanted.native in _LEGACY:
        return "; ".join([*losses, _LEGACY[wanted.native]])
    if _precision(given) > _precision(wanted):
        losses.append(f"fractions of a second beyond {_precision(wanted)} digits are rounded")
    return "; ".join([*losses, _DATES])
