"""How a value of a source column becomes one of a Postgres column: what may be lost, and what cannot be carried at all."""

from __future__ import annotations

from dpone_compiler.backends.postgres.projection import same_native
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.backend import Carry

_NUMBERS = (Kind.INT, Kind.DECIMAL)
# Families whose text the other family's input function reads, losing nothing or as the sentence says.
_CONVERTED: dict[tuple[Kind, Kind], str] = {
    (Kind.INT, Kind.FLOAT): "integers above 2^53 (2^24 for real) are rounded",
    (Kind.DECIMAL, Kind.FLOAT): "decimal digits beyond the float's 15 to 17 (6 to 9 for real) are rounded",
    (
        Kind.FLOAT,
        Kind.DECIMAL,
    ): "the shortest decimal that gives the same float is stored; fractions beyond the scale are rounded",
    (Kind.DATE, Kind.TIMESTAMP): "",
    (Kind.TIMESTAMP, Kind.DATE): "the time of day is dropped",
    (Kind.INT, Kind.BOOL): "only 0 and 1 are accepted; any other number stops the load",
    (Kind.UUID, Kind.BYTES): "",
}


def carry(source: Column, target: Column, engine: str) -> Carry:
    """Seen from the sink. Binary only between two Postgres columns of one spelling: then both COPY forms are the same bytes."""
    if engine == "postgres" and same_native(source.native, target.native):
        # Domains, enums and arrays of them carry OIDs in their binary form, and OIDs differ between databases.
        return Carry(binary=_portable(source.type), loss="")
    loss, refused = _convert(source.type, target.type)
    return Carry(binary=False, loss=loss, refused=refused)


def _portable(type_: DataType) -> bool:
    if type_.kind is Kind.ARRAY:  # an array's binary form names the element's OID; those of built-in types are fixed
        return type_.element is not None and _portable(type_.element)
    return type_.kind not in (Kind.OTHER, Kind.ENUM)


def _convert(given: DataType, wanted: DataType) -> tuple[str, str]:
    """(loss, refused)."""
    if wanted.kind is Kind.TEXT:
        return _into_text(given, wanted), ""
    if given.kind in _NUMBERS and wanted.kind in _NUMBERS:
        return _between_numbers(given, wanted), ""
    if (given.kind, wanted.kind) in _CONVERTED:
        return _CONVERTED[given.kind, wanted.kind], ""
    if given.kind is wanted.kind:
        return _same_family(given, wanted), ""
    if wanted.kind in (Kind.OTHER, Kind.ENUM) and given.kind in (Kind.TEXT, Kind.OTHER, Kind.ENUM):
        return "values that the target type does not know stop the load", ""
    if given.kind in (Kind.TEXT, Kind.OTHER, Kind.ENUM):
        return f"text that is not a {wanted.label()} stops the load", ""
    return "", f"a {given.label()} is not a {wanted.label()}; cast it in the manifest"


def _into_text(given: DataType, wanted: DataType) -> str:
    if wanted.length is None:
        return ""
    if given.kind is Kind.TEXT and given.length is not None and given.length <= wanted.length:
        return ""
    # Trailing spaces alone are cut without an error: https://www.postgresql.org/docs/current/datatype-character.html
    return f"values longer than {wanted.length} characters stop the load; spaces beyond that are cut"


def _between_numbers(given: DataType, wanted: DataType) -> str:
    if wanted.kind is Kind.INT:
        if given.kind is Kind.DECIMAL:
            return (
                ""
                if given.scale == 0 and _digits(given) < _digits(wanted)
                else "fractions and numbers out of range stop the load"
            )
        fits = _bits(given) <= _bits(wanted) and (given.signed is wanted.signed or _bits(given) < _bits(wanted))
        return "" if fits else f"numbers out of the range of {wanted.label()} stop the load"
    if wanted.precision is None:
        return ""
    scale, room = wanted.scale or 0, wanted.precision - (wanted.scale or 0)
    if given.kind is Kind.INT:
        return "" if _digits(given) <= room else f"numbers of more than {room} digits stop the load"
    if given.precision is None:
        return f"digits beyond scale {scale} are rounded; numbers of more than {room} digits before the point stop the load"
    losses = []
    if (given.scale or 0) > scale:
        losses.append(f"digits beyond scale {scale} are rounded")
    if given.precision - (given.scale or 0) > room:
        losses.append(f"numbers of more than {room} digits before the point stop the load")
    return "; ".join(losses)


def _bits(type_: DataType) -> int:
    return (type_.bits or 64) + (0 if type_.signed else 1)


def _digits(type_: DataType) -> int:
    if type_.kind is Kind.INT:
        return len(str(2 ** (_bits(type_) - 1)))
    return 131072 if type_.precision is None else type_.precision - (type_.scale or 0)


def _same_family(given: DataType, wanted: DataType) -> str:
    match given.kind:
        case Kind.FLOAT if (given.bits or 64) > (wanted.bits or 64):
            return "rounded to single precision; numbers out of its range stop the load"
        case Kind.TIMESTAMP:
            return _timestamps(given, wanted)
        case Kind.TIME if given.tz and not wanted.tz:
            return "the offset is dropped"
        case Kind.JSON if (given.native or "json") == "json" and wanted.native == "jsonb":
            return "white space, the order of keys and repeated keys are not kept"
        case _:
            return ""


def _timestamps(given: DataType, wanted: DataType) -> str:
    losses = []
    if given.tz is not wanted.tz:
        losses.append("read as UTC" if wanted.tz else "stored as the wall clock of UTC, the offset is dropped")
    held = 6 if wanted.precision is None else wanted.precision
    if (6 if given.precision is None else given.precision) > held:
        losses.append(f"fractions of a second beyond {held} digits are rounded")
    return "; ".join(losses)
