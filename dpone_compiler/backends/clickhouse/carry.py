"""What survives the way of a value into a ClickHouse column, and which values do not."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import is_legacy, server_zone
from dpone_compiler.backends.clickhouse.types import wire_form
from dpone_compiler.backends.clickhouse.zones import UTC, own_zone
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.loss import Loss, Question
from dpone_compiler.ir.schema import Column, EngineFacts
from dpone_compiler.spi.backend import Carry
from dpone_compiler.sql.clickhouse_native import Native, parse_native
from dpone_compiler.sql.clickhouse_types import is_nullable, parse_type, unwrapped

# Sources whose projection does not read `Carry.form` and `Carry.null_guard` yet; take the name out when it does.
_IGNORES_FORM = frozenset({"postgres", "mssql"})
# https://clickhouse.com/docs/sql-reference/data-types/date, …/date32, …/datetime, …/datetime64
_DATES = {"Date": ("1970-01-01", "2149-06-06"), "Date32": ("1900-01-01", "2299-12-31")}
_SECONDS = ("1970-01-01 00:00:00", "2106-02-07 06:28:15")
# Before 21 no date went beyond the last year of the server's calendar [run 18.16].
_OLD_DATES = ("1970-01-01", "2105-12-31")
_OLD_SECONDS = ("1970-01-01 00:00:00", "2105-12-31 23:59:59")
_FRACTIONS = ("1900-01-01 00:00:00", "2299-12-31 23:59:59.999999")
_NANOSECONDS = ("1900-01-01 00:00:00", "2262-04-11 23:47:16.854775")
_ALLOWED: dict[Kind, frozenset[Kind]] = {
    Kind.BOOL: frozenset({Kind.BOOL}),
    Kind.INT: frozenset({Kind.INT, Kind.BOOL}),
    Kind.DECIMAL: frozenset({Kind.DECIMAL, Kind.INT}),
    Kind.FLOAT: frozenset({Kind.FLOAT, Kind.INT, Kind.DECIMAL}),
    Kind.UUID: frozenset({Kind.UUID}),
    Kind.DATE: frozenset({Kind.DATE}),
    Kind.TIMESTAMP: frozenset({Kind.TIMESTAMP}),
    Kind.JSON: frozenset({Kind.JSON}),
    Kind.ENUM: frozenset({Kind.TEXT, Kind.ENUM}),
}


def carry(source: Column, target: Column, source_engine: str, server: EngineFacts | None = None) -> Carry:
    """How the values of a source column get into a target column."""
    parsed = parse_native(target.native)
    if parsed is None:
        return Carry(binary=False, refused=f"type {target.native} is not known to this compiler")
    if source_engine == "clickhouse" and source.native == target.native:
        return Carry(binary=False)
    wanted, given, native = parse_type(target.native), source.type, unwrapped(parsed)
    refused = _refused(given, wanted, target.native) or _misread(wanted, native, source_engine, server)
    if refused:
        return Carry(binary=False, refused=refused)
    return Carry(
        binary=False,
        losses=(
            *_nulls(source, target, wanted),
            *_values(given, wanted, native, source_engine, legacy=is_legacy(server)),
        ),
        changes=_changes(given, wanted),
        form=wire_form(target.native, given),
        null_guard=_reads_null_as_empty(source, target, wanted),
    )


def _refused(given: DataType, wanted: DataType, native: str) -> str:
    if wanted.kind is Kind.OTHER:
        return f"no text form is known for {native}"
    if wanted.kind is Kind.ARRAY:
        return (
            f"arrays have different text forms on both sides ({given.label()} to {native}); use String, which gets JSON"
        )
    if wanted.kind is Kind.TEXT or given.kind in _ALLOWED.get(wanted.kind, frozenset()):
        return ""
    return f"{given.label()} has no way into {native}; add a cast, or use String"


def _reads_null_as_empty(source: Column, target: Column, wanted: DataType) -> bool:
    # \N into a String is '' without a word; every other type refuses it [run 26.9, 18.16].
    return source.nullable and not is_nullable(target.native) and wanted.kind is Kind.TEXT


def _misread(wanted: DataType, native: Native, engine: str, server: EngineFacts | None) -> str:
    # Newer servers get session_timezone = 'UTC' with the load; 18.16 has no such setting.
    inherited = server_zone(server) if is_legacy(server) else "UTC"
    zone = own_zone(native) or inherited or "UTC"
    if wanted.kind is not Kind.TIMESTAMP or engine not in _IGNORES_FORM or zone in UTC:
        return ""
    whose = "a column" if own_zone(native) else "a server"
    return f"{engine} sends instants as UTC wall clock, which {whose} of zone {zone!r} would read as its own; use 'UTC'"


def _changes(given: DataType, wanted: DataType) -> str:
    """How every value changes its form, and none is lost."""
    match given.kind, wanted.kind:
        case Kind.BOOL, Kind.BOOL | Kind.INT:
            return "as 0 or 1"
        case Kind.BYTES, Kind.TEXT:
            return "as lower-case hexadecimal text"
        case Kind.ARRAY, Kind.TEXT:
            return "as JSON text"
        case Kind.TIMESTAMP, Kind.TIMESTAMP if not given.tz:
            return "a wall clock without zone is taken as UTC"
        case Kind.TEXT, Kind.TEXT if given.padded:
            return "without the blanks that fill char(n)"
        case Kind.TEXT, _:
            return f"filled with zero bytes to {wanted.length}" if wanted.padded else ""
        case _, Kind.TEXT:
            return "as its text"
        case _:
            return ""


def _nulls(source: Column, target: Column, wanted: DataType) -> tuple[Loss, ...]:
    if not source.nullable or is_nullable(target.native):
        return ()
    becomes = "would arrive as ''" if wanted.kind is Kind.TEXT else "stops the transfer"
    return (Loss(test=Question.NULL, says=f"{target.native} holds no NULL, which {becomes}"),)


def _values(given: DataType, wanted: DataType, native: Native, engine: str, *, legacy: bool) -> tuple[Loss, ...]:
    match given.kind, wanted.kind:
        case Kind.INT, Kind.INT:
            return _integers(given, wanted)
        case ((Kind.INT | Kind.DECIMAL), Kind.DECIMAL):
            return _decimals(given, wanted, engine)
        case ((Kind.INT | Kind.DECIMAL | Kind.FLOAT), Kind.FLOAT):
            return _floats(given, wanted)
        case Kind.DATE, Kind.DATE:
            low, high = _OLD_DATES if legacy else _DATES[native.name]
            return (_outside(f"dates outside of {low} to {high} (and infinity)", low, high),)
        case Kind.TIMESTAMP, Kind.TIMESTAMP:
            return _timestamps(given, wanted, native, legacy=legacy)
        case Kind.JSON, Kind.JSON:
            return (Loss(test=Question.ANY, says="key order, duplicate keys and the spelling of numbers"),)
        case Kind.ARRAY, Kind.TEXT:
            return (Loss(test=Question.BOUNDS, says="the bounds of arrays that do not begin at 1"),)
        case _, Kind.TEXT | Kind.ENUM:
            return _texts(wanted, native)
        case _:
            return ()


def _outside(says: str, low: str, high: str) -> Loss:
    return Loss(test=Question.OUTSIDE, says=says, low=low, high=high)


def _texts(wanted: DataType, native: Native) -> tuple[Loss, ...]:
    if wanted.kind is Kind.ENUM:
        labels = tuple(arg[0] for arg in native.args if isinstance(arg, tuple))
        return (Loss(test=Question.UNLISTED, says="values that the Enum does not list", labels=labels),)
    if not wanted.padded:
        return ()
    size = wanted.length or 0
    return (Loss(test=Question.BYTES, says=f"texts of more than {size} bytes", size=size),)


def _integers(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    bits, room = given.bits or 64, wanted.bits or 64
    if given.signed == wanted.signed and bits <= room:
        return ()
    if wanted.signed and not given.signed and bits < room:
        return ()
    low, high = _range(wanted)
    what = f"numbers outside of {low} to {high}" if low else f"negative numbers and those above {high}"
    return (_outside(f"{what}, which overflow", str(low), str(high)),)


def _range(type_: DataType) -> tuple[int, int]:
    bits = type_.bits or 64
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if type_.signed else (0, 2**bits - 1)


def _decimals(given: DataType, wanted: DataType, engine: str) -> tuple[Loss, ...]:
    precision, scale = wanted.precision or 0, wanted.scale or 0
    whole = precision - scale
    lost: list[Loss] = []
    # Postgres' numeric(p,s) holds NaN too; only an unbounded one holds infinity.
    if given.kind is Kind.DECIMAL and engine == "postgres":
        lost.append(Loss(test=Question.NOT_FINITE, says="NaN" if given.precision is not None else "NaN and infinity"))
    if given.kind is Kind.DECIMAL and (given.precision is None or (given.scale or 0) > scale):
        lost.append(Loss(test=Question.SCALE, says=f"digits after decimal place {scale}", size=scale))
    if _whole_digits(given) is None or (_whole_digits(given) or 0) > whole:
        most = "9" * whole or "0"
        high = f"{most}.{'9' * scale}" if scale else most
        lost.append(_outside(f"numbers of more than {whole} digits before the point, which overflow", f"-{high}", high))
    return tuple(lost)


def _whole_digits(type_: DataType) -> int | None:
    if type_.kind is Kind.INT:
        return len(str(2 ** ((type_.bits or 64) - type_.signed)))
    return None if type_.precision is None else type_.precision - (type_.scale or 0)


def _floats(given: DataType, wanted: DataType) -> tuple[Loss, ...]:
    bits = wanted.bits or 64
    held = 53 if bits == 64 else 24
    if given.kind is Kind.INT and (given.bits or 64) <= held:
        return ()
    if given.kind is Kind.FLOAT:
        says = "values that need more than 32 bits, which are rounded"
        return () if (given.bits or 64) <= bits else (Loss(test=Question.ROUNDED, says=says, size=bits),)
    says = f"numbers that a Float{bits} does not give back (beyond {15 if bits == 64 else 6} digits), which are rounded"
    return (Loss(test=Question.ROUNDED, says=says, size=bits),)


def _timestamps(given: DataType, wanted: DataType, native: Native, *, legacy: bool) -> tuple[Loss, ...]:
    digits = 6 if given.precision is None else given.precision
    held = (wanted.precision or 0) if native.name == "DateTime64" else 0
    sent = min(held, 6)  # no source sends more
    low, high = _OLD_SECONDS if legacy else _SECONDS
    if native.name == "DateTime64":
        low, high = _NANOSECONDS if held == 9 else _FRACTIONS
    lost = [_outside(f"instants outside of {low[:10]} to {high[:10]} (and infinity)", low, high)]
    if sent < digits:
        what = "fractions of a second" if not sent else f"digits after decimal place {sent} of a second"
        lost.append(Loss(test=Question.FINER, says=what, size=sent))
    return tuple(lost)
