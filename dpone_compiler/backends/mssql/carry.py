"""How a value of a source column becomes one of a SQL Server column: which values cannot, and what cannot be carried at all.

Refused is what SQL Server would take and change without a word: CONVERT(int, '') is 0, CONVERT(date, '') is 1900-01-01, and any
number but 0 is a bit of 1. https://learn.microsoft.com/en-us/sql/t-sql/functions/cast-and-convert-transact-sql
"""

from __future__ import annotations

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.loss import Loss, Question, stopping
from dpone_compiler.ir.schema import Column, EngineFacts
from dpone_compiler.spi.backend import Carry

_NUMBERS = (Kind.INT, Kind.DECIMAL)
# https://learn.microsoft.com/en-us/sql/t-sql/data-types/datetime-transact-sql and smalldatetime-transact-sql; the bounds are
# those whose rounding stays inside.
_YEARS = {
    "datetime": ("1753-01-01 00:00:00", "9999-12-31 23:59:59.997", "1753 to 9999"),
    "smalldatetime": ("1900-01-01 00:00:00", "2079-06-06 23:59:29", "1900 to 2079"),
}
_Told = tuple[tuple[Loss, ...], str]  # losses, and how every value changes without loss


def carry(source: Column, target: Column, engine: str, _server: EngineFacts | None = None) -> Carry:
    """Seen from the sink; rows come as JSON arrays of texts."""
    told = _convert(source.type, target, engine)
    if isinstance(told, str):
        return Carry(binary=False, refused=told, form="json")
    return Carry(binary=False, losses=told[0], changes=told[1], form="json")


def _convert(given: DataType, target: Column, engine: str) -> _Told | str:
    """Losses and change of form, or why there is no way."""
    wanted = target.type
    if wanted.kind is Kind.OTHER:
        return f"a {target.native} does not keep the text that it is given; use nvarchar(max)"
    if wanted.kind is Kind.TEXT:
        return _into_text(given, wanted), _text_form(given, wanted)
    if given.kind in _NUMBERS and wanted.kind in (*_NUMBERS, Kind.FLOAT):
        return _between_numbers(given, wanted, engine), ""
    if wanted.native == "rowversion":
        return "a rowversion is written by the server alone"
    match given.kind, wanted.kind:
        case Kind.BOOL, Kind.INT:
            return (), "as 0 or 1"
        case Kind.FLOAT, Kind.DECIMAL:
            not_finite = () if engine == "mssql" else (_not_finite(),)
            return (*not_finite, *_into_decimal(given, wanted)), "as the shortest decimal that gives the same float"
        case Kind.DATE, Kind.TIMESTAMP:
            return _years(wanted, engine), "as the midnight that it begins with"
        case Kind.TIMESTAMP, Kind.DATE:
            return (
                Loss(test=Question.CLOCK, says="the time of day"),
                *_years(wanted, engine),
            ), "as the day of UTC" if given.tz else ""
        case Kind.TEXT, Kind.UUID:
            return stopping("text that is not a uuid stops the load"), ""
        case _ if given.kind is wanted.kind:
            return _same_family(given, wanted, engine)
        case _:
            return f"a {given.label()} is not a {target.native}; cast it in the manifest"


def _text_form(given: DataType, wanted: DataType) -> str:
    match given.kind:
        case Kind.TEXT:
            return "without the blanks that fill char(n)" if given.padded else ""
        case Kind.BYTES:
            return "as lower-case hexadecimal text"
        case Kind.ARRAY:
            return "as JSON text"
        case _:
            return "as its text"


def _into_text(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    losses: list[Loss] = []
    if given.kind is Kind.ARRAY:
        losses.append(Loss(test=Question.BOUNDS, says="the bounds of arrays that do not begin at 1"))
    if wanted.native == "varchar" and given.kind in (Kind.TEXT, Kind.JSON, Kind.ENUM, Kind.OTHER, Kind.ARRAY):
        losses += stopping("characters outside of the column's code page stop the load")
    if wanted.length is not None and not _fits(given, wanted.length):
        says = f"texts of more than {wanted.length} UTF-16 units (a character beyond U+FFFF is two)"
        losses.append(Loss(test=Question.UNITS, says=says, size=wanted.length))
    if wanted.padded and not given.padded:
        losses.append(Loss(test=Question.BLANKS, says="blanks at the end, which are not kept apart from padding"))
    return tuple(losses)


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


def _between_numbers(given: DataType, wanted: DataType, engine: str) -> tuple[Loss, ...]:
    not_finite = (_not_finite(),) if given.kind is Kind.DECIMAL and engine == "postgres" else ()
    if wanted.kind is Kind.FLOAT:
        if given.kind is Kind.INT and (given.bits or 64) <= (24 if wanted.bits == 32 else 53):
            return ()
        says = f"numbers that a {wanted.label()} does not give back, which are rounded"
        return (*not_finite, Loss(test=Question.ROUNDED, says=says, size=wanted.bits or 64))
    if wanted.kind is Kind.DECIMAL:
        return (*not_finite, *_into_decimal(given, wanted))
    low, high = _range(wanted)
    outside = Loss(
        test=Question.OUTSIDE, says=f"numbers out of the range of {wanted.label()}", low=str(low), high=str(high)
    )
    if given.kind is Kind.DECIMAL:
        exact = given.scale == 0 and _digits(given) < _digits(wanted)
        fractions = () if given.scale == 0 else (_scale(0),)
        return (*not_finite, *fractions, *(() if exact else (outside,)))
    return () if _range(given)[0] >= low and _range(given)[1] <= high else (outside,)


def _not_finite() -> Loss:
    return Loss(test=Question.NOT_FINITE, says="NaN and infinity")


def _scale(scale: int) -> Loss:
    return Loss(test=Question.SCALE, says=f"digits beyond scale {scale}", size=scale)


def _into_decimal(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    scale, room = wanted.scale or 0, (wanted.precision or 38) - (wanted.scale or 0)
    losses = []
    if given.kind is Kind.FLOAT or (given.kind is Kind.DECIMAL and (given.scale is None or given.scale > scale)):
        losses.append(_scale(scale))
    if given.kind is Kind.FLOAT or _digits(given) > room:
        most = "9" * room or "0"
        high = f"{most}.{'9' * scale}" if scale else most
        says = f"numbers of more than {room} digits before the point"
        losses.append(Loss(test=Question.OUTSIDE, says=says, low=f"-{high}", high=high))
    return tuple(losses)


def _range(type_: DataType) -> tuple[int, int]:
    bits = type_.bits or 64
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if type_.signed else (0, 2**bits - 1)


def _digits(type_: DataType) -> int:
    if type_.kind is Kind.INT:
        return len(str(2 ** ((type_.bits or 64) - (1 if type_.signed else 0))))
    return 131072 if type_.precision is None else type_.precision - (type_.scale or 0)


def _same_family(given: DataType, wanted: DataType, engine: str) -> _Told | str:
    match given.kind:
        case Kind.FLOAT:
            narrowed = (given.bits or 64) > (wanted.bits or 64)
            says = "numbers that need double precision, which are rounded"
            rounded = (Loss(test=Question.ROUNDED, says=says, size=32),) if narrowed else ()
            return (*(() if engine == "mssql" else (_not_finite(),)), *rounded), ""
        case Kind.BYTES:
            return _bytes(given, wanted)
        case Kind.TIMESTAMP:
            return _timestamps(given, wanted, engine)
        case Kind.DATE:
            return _years(wanted, engine), ""
        case Kind.TIME if given.tz:
            return "a time with an offset has no type here; cast it to time or to text in the manifest"
        case Kind.TIME:
            midnight = Loss(test=Question.OUTSIDE, says="24:00:00", low="00:00:00", high="23:59:59.999999")
            return (*_finer(given, wanted), *(() if engine == "mssql" else (midnight,))), ""
        case _:
            return (), ""


def _bytes(given: DataType, wanted: DataType) -> _Told | str:
    if wanted.padded and not (given.padded and given.length == wanted.length):
        return "a binary(n) fills shorter values with zero bytes; use varbinary"
    if wanted.length is None or (given.length is not None and given.length <= wanted.length):
        return (), ""
    return (Loss(test=Question.BYTES, says=f"values of more than {wanted.length} bytes", size=wanted.length),), ""


def _years(wanted: DataType, engine: str) -> tuple[Loss, ...]:
    if engine == "mssql" and wanted.native not in _YEARS:
        return ()  # the same calendar, to the last tenth of a microsecond
    low, high, years = _YEARS.get(wanted.native, ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1 to 9999"))
    if wanted.kind is Kind.DATE:
        low, high = low[:10], high[:10]
    return (Loss(test=Question.OUTSIDE, says=f"years outside of {years} and infinity", low=low, high=high),)


def _finer(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    held = 7 if wanted.precision is None else wanted.precision
    if (6 if given.precision is None else given.precision) <= held:
        return ()
    return (Loss(test=Question.FINER, says=f"fractions of a second beyond {held} digits", size=held),)


def _timestamps(given: DataType, wanted: DataType, engine: str) -> _Told:
    changes = ""
    if given.tz is not wanted.tz:
        changes = "read as UTC" if wanted.tz else "stored as the wall clock of UTC, without the offset"
    coarse: tuple[Loss, ...]
    if wanted.native == "datetime":
        coarse = (Loss(test=Question.TICKS, says="times that are no multiple of 1/300 s, which are rounded"),)
    elif wanted.native == "smalldatetime":
        coarse = (Loss(test=Question.CLOCK, says="seconds, which are rounded to the minute", size=1),)
    else:
        coarse = _finer(given, wanted)
    return (*coarse, *_years(wanted, engine)), changes
