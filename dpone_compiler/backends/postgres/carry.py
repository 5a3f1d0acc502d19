"""How a value of a source column becomes one of a Postgres column: which values cannot, and what cannot be carried at all."""

from __future__ import annotations

from dpone_compiler.backends.postgres.projection import same_native
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.loss import Loss, Question, stopping
from dpone_compiler.ir.schema import Column, EngineFacts
from dpone_compiler.spi.backend import Carry

_NUMBERS = (Kind.INT, Kind.DECIMAL)
_TEXTUAL = (Kind.TEXT, Kind.OTHER, Kind.ENUM)
_AS_TEXT = "as its text"
# What their input functions round, or cut, without an error: https://www.postgresql.org/docs/current/datatype-datetime.html
_COARSE = (Kind.DECIMAL, Kind.FLOAT, Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.INTERVAL)
_Told = tuple[tuple[Loss, ...], str]  # losses, and how every value changes without loss


def carry(source: Column, target: Column, engine: str, _server: EngineFacts | None = None) -> Carry:
    """Seen from the sink. Binary only between two Postgres columns of one spelling: then both COPY forms are the same bytes."""
    if engine == "postgres" and same_native(source.native, target.native):
        # Domains, enums and arrays of them carry OIDs in their binary form, and OIDs differ between databases.
        return Carry(binary=_portable(source.type))
    told = _convert(source.type, target.type)
    if told is None:
        why = f"a {source.type.label()} is not a {target.type.label()}; cast it in the manifest"
        return Carry(binary=False, refused=why)
    losses, changes = told
    return Carry(binary=False, losses=(*losses, *_zero(source.type, target.type, engine)), changes=changes)


def _portable(type_: DataType) -> bool:
    if type_.kind is Kind.ARRAY:  # an array's binary form names the element's OID; those of built-in types are fixed
        return type_.element is not None and _portable(type_.element)
    return type_.kind not in (Kind.OTHER, Kind.ENUM)


def _zero(given: DataType, wanted: DataType, engine: str) -> tuple[Loss, ...]:
    """No text of Postgres holds U+0000: https://www.postgresql.org/docs/current/datatype-character.html"""
    if engine == "postgres" or given.kind is not Kind.TEXT or wanted.kind not in (*_TEXTUAL, Kind.JSON):
        return ()
    return (Loss(test=Question.ZERO, says="texts with U+0000"),)


def _convert(given: DataType, wanted: DataType) -> _Told | None:
    if wanted.kind is Kind.TEXT:
        return _into_text(given, wanted), _text_form(given, wanted)
    if given.kind in _NUMBERS and wanted.kind in _NUMBERS:
        return _between_numbers(given, wanted), ""
    match given.kind, wanted.kind:
        case ((Kind.INT | Kind.DECIMAL), Kind.FLOAT):
            return _rounded(given, wanted), ""
        case Kind.FLOAT, Kind.DECIMAL:
            return _into_decimal(wanted), "as the shortest decimal that gives the same float"
        case Kind.DATE, Kind.TIMESTAMP:
            return (), "as the midnight that it begins with"
        case Kind.TIMESTAMP, Kind.DATE:
            return (Loss(test=Question.CLOCK, says="the time of day"),), "as the day of UTC" if given.tz else ""
        case Kind.INT, Kind.BOOL:
            return (_outside("numbers other than 0 and 1", "0", "1"),), ""
        case Kind.UUID, Kind.BYTES:
            return (), _AS_TEXT
        case _:
            return _of_texts(given, wanted)


def _of_texts(given: DataType, wanted: DataType) -> _Told | None:
    if (
        wanted.kind is Kind.INTERVAL and wanted.native
    ):  # fields that it does not name are dropped, on both sides of the digest
        return None
    if given.kind is wanted.kind is Kind.ARRAY:
        return _elements(given, wanted)
    if wanted.kind in (Kind.OTHER, Kind.ENUM) and given.kind in _TEXTUAL:
        says = "values that the target type does not know stop the load; another value than was sent shows at level content alone"
        return stopping(says), ""
    if given.kind is wanted.kind:
        return _same_family(given, wanted)
    if given.kind in _TEXTUAL:
        finer = ", and what is finer than that is rounded" if wanted.kind in _COARSE else ""
        return stopping(f"text that is not a {wanted.label()} stops the load{finer}"), ""
    return None


def _elements(given: DataType, wanted: DataType) -> _Told | None:
    """An array goes as one text, so there is no way where an element is more than its own text: no question is asked of elements."""
    if given.element is None or wanted.element is None:
        return None
    told = _convert(given.element, wanted.element)
    return told if told in (((), ""), ((), _AS_TEXT)) else None


def _outside(says: str, low: str, high: str) -> Loss:
    return Loss(test=Question.OUTSIDE, says=says, low=low, high=high)


def _text_form(given: DataType, wanted: DataType) -> str:
    if given.kind is not Kind.TEXT:
        return _AS_TEXT
    return "without the blanks that fill char(n)" if given.padded and not wanted.padded else ""


def _into_text(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    """Blanks at the end are cut without an error where they are too many, and always in a padded type: the digest casts, too,
    and sees nothing. https://www.postgresql.org/docs/current/datatype-character.html"""
    losses = []
    inside = given.kind is Kind.TEXT and given.length is not None and wanted.length is not None
    if wanted.length is not None and not (inside and (given.length or 0) <= wanted.length):
        says = f"values longer than {wanted.length} characters"
        losses.append(Loss(test=Question.CHARACTERS, says=says, size=wanted.length))
    if wanted.padded and not given.padded and given.kind in (*_TEXTUAL, Kind.JSON):
        losses.append(Loss(test=Question.BLANKS, says="blanks at the end, which are not kept apart from padding"))
    return tuple(losses)


def _between_numbers(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    if wanted.kind is Kind.INT:
        return _into_integer(given, wanted)
    if wanted.precision is None:
        return ()
    scale, room = wanted.scale or 0, wanted.precision - (wanted.scale or 0)
    losses = []
    if given.kind is Kind.DECIMAL and (given.precision is None or (given.scale or 0) > scale):
        losses.append(_scale(scale))
    if _digits(given) > room:
        losses.append(_too_long(scale, room))
    return tuple(losses)


def _into_integer(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    low, high = _range(wanted)
    if given.kind is Kind.INT:
        inside = _range(given)[0] >= low and _range(given)[1] <= high
        return () if inside else (_outside(f"numbers out of the range of {wanted.label()}", str(low), str(high)),)
    losses = []
    losses.append(Loss(test=Question.NOT_FINITE, says="NaN and infinity"))
    if given.scale != 0:
        losses.append(_scale(0))
    if _digits(given) >= _digits(wanted):
        losses.append(_outside(f"numbers out of the range of {wanted.label()}", str(low), str(high)))
    return tuple(losses)


def _scale(scale: int) -> Loss:
    return Loss(test=Question.SCALE, says=f"digits beyond scale {scale}", size=scale)


def _too_long(scale: int, room: int) -> Loss:
    most = "9" * room or "0"
    high = f"{most}.{'9' * scale}" if scale > 0 else most
    return _outside(f"numbers of more than {room} digits before the point", f"-{high}", high)


def _into_decimal(wanted: DataType) -> tuple[Loss, ...]:
    if wanted.precision is None:
        return ()
    scale, room = wanted.scale or 0, wanted.precision - (wanted.scale or 0)
    return (_scale(scale), _too_long(scale, room))


def _rounded(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    bits = wanted.bits or 64
    if given.kind is Kind.INT and _bits(given) <= (54 if bits == 64 else 25):
        return ()
    return (Loss(test=Question.ROUNDED, says=f"numbers that a {wanted.label()} does not give back", size=bits),)


def _range(type_: DataType) -> tuple[int, int]:
    bits = type_.bits or 64
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if type_.signed else (0, 2**bits - 1)


def _bits(type_: DataType) -> int:
    return (type_.bits or 64) + (0 if type_.signed else 1)


def _digits(type_: DataType) -> int:
    if type_.kind is Kind.INT:
        return len(str(2 ** (_bits(type_) - 1)))
    return 131072 if type_.precision is None else type_.precision - (type_.scale or 0)


def _same_family(given: DataType, wanted: DataType) -> _Told:
    match given.kind:
        case Kind.FLOAT if (given.bits or 64) > (wanted.bits or 64):
            return (Loss(test=Question.ROUNDED, says="numbers that need double precision", size=32),), ""
        case Kind.TIMESTAMP:
            return _timestamps(given, wanted)
        case Kind.TIME:
            losses = _finer(given, wanted)
            if given.tz and not wanted.tz:
                losses = (*losses, Loss(test=Question.OFFSET, says="an offset other than UTC"))
            return losses, ""
        case Kind.INTERVAL:
            return _finer(given, wanted), ""
        case Kind.JSON if (given.native or "json") == "json" and wanted.native == "jsonb":
            return (), "white space, the order of keys and all but the last of repeated keys are not kept"
        case _:
            return (), ""


def _finer(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    held = 6 if wanted.precision is None else wanted.precision
    if (6 if given.precision is None else given.precision) <= held:
        return ()
    return (Loss(test=Question.FINER, says=f"fractions of a second beyond {held} digits", size=held),)


def _timestamps(given: DataType, wanted: DataType) -> _Told:
    changes = ""
    if given.tz is not wanted.tz:
        changes = "read as UTC" if wanted.tz else "stored as the wall clock of UTC, without the offset"
    return _finer(given, wanted), changes
