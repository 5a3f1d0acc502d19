"""What survives the way of a value into a ClickHouse column, and a sentence for what does not."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.types import wire_form
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.backend import Carry
from dpone_compiler.sql.clickhouse_native import Native, parse_native
from dpone_compiler.sql.clickhouse_types import is_nullable, parse_type, unwrapped

_TEXTUAL = frozenset({Kind.TEXT, Kind.ENUM, Kind.UUID, Kind.TIME, Kind.INTERVAL, Kind.JSON, Kind.BYTES, Kind.OTHER})
# https://clickhouse.com/docs/sql-reference/data-types/date, …/date32, …/datetime, …/datetime64
# Sources whose projection does not read `Carry.form` and `Carry.null_guard` yet; take the name out when it does.
_IGNORES_FORM = frozenset({"postgres"})
_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Zulu"})
_DATE_RANGE = {"Date": "1970-01-01 to 2149-06-06", "Date32": "1900-01-01 to 2299-12-31"}


def carry(source: Column, target: Column, source_engine: str) -> Carry:
    """How the values of a source column get into a target column."""
    parsed = parse_native(target.native)
    if parsed is None:
        return Carry(binary=False, loss="", refused=f"type {target.native} is not known to this compiler")
    wanted, given = parse_type(target.native), source.type
    refused = _refused(given, wanted, target.native) or _misread(wanted, unwrapped(parsed), source_engine)
    if refused:
        return Carry(binary=False, loss="", refused=refused)
    losses = [_nulls(source, target, wanted, source_engine), _values(given, wanted, unwrapped(parsed))]
    return Carry(
        binary=False,
        loss="; ".join(loss for loss in losses if loss),
        form=wire_form(target.native, given),
        null_guard=_reads_null_as_empty(source, target, wanted),
    )


def _refused(given: DataType, wanted: DataType, native: str) -> str:
    kind = given.kind
    if wanted.kind is Kind.OTHER:
        return f"no text form is known for {native}"
    if kind is Kind.ARRAY or wanted.kind is Kind.ARRAY:
        return f"arrays have different text forms on both sides ({given.label()} to {native}); unnest or cast them in the source"
    if wanted.kind is Kind.TEXT:
        return ""
    allowed: dict[Kind, frozenset[Kind]] = {
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
    if kind in allowed.get(wanted.kind, frozenset()):
        return ""
    return f"{given.label()} has no way into {native}; add a cast, or use String"


def _reads_null_as_empty(source: Column, target: Column, wanted: DataType) -> bool:
    # \N into a String is '' without a word; every other type refuses it [run 26.9, 18.16].
    return source.nullable and not is_nullable(target.native) and wanted.kind is Kind.TEXT


def _misread(wanted: DataType, native: Native, engine: str) -> str:
    zone = next((arg for arg in native.args if isinstance(arg, str)), "UTC")
    if wanted.kind is not Kind.TIMESTAMP or engine not in _IGNORES_FORM or zone in _UTC:
        return ""
    return (
        f"{engine} sends instants as UTC wall clock, which a column of zone {zone!r} would read as its own; use 'UTC'"
    )


def _nulls(source: Column, target: Column, wanted: DataType, engine: str) -> str:
    if _reads_null_as_empty(source, target, wanted) and engine in _IGNORES_FORM:
        return f"{target.native} holds no NULL: a NULL arrives as '', which only reconcile: content refuses"
    if source.nullable and not is_nullable(target.native):
        return f"{target.native} holds no NULL: a NULL stops the transfer"
    return ""


def _values(given: DataType, wanted: DataType, native: Native) -> str:
    match given.kind, wanted.kind:
        case Kind.INT, Kind.INT:
            return _integers(given, wanted)
        case (Kind.DECIMAL, Kind.DECIMAL):
            return _decimals(given, wanted)
        case ((Kind.INT | Kind.DECIMAL), Kind.FLOAT):
            return f"numbers of more than {15 if wanted.bits == 64 else 6} digits are rounded in {native.name}"
        case Kind.FLOAT, Kind.FLOAT if (given.bits or 64) > (wanted.bits or 64):
            return "values are rounded to 32 bits"
        case Kind.DATE, Kind.DATE:
            return f"dates outside of {_DATE_RANGE[native.name]} (and infinity) do not survive"
        case Kind.TIMESTAMP, Kind.TIMESTAMP:
            return _timestamps(given, wanted, native)
        case Kind.JSON, Kind.JSON:
            return "key order, duplicate keys and the spelling of numbers do not survive"
        case _, Kind.TEXT | Kind.ENUM:
            return _texts(given, wanted)
        case _:
            return ""


def _texts(given: DataType, wanted: DataType) -> str:
    if wanted.kind is Kind.ENUM:
        return "values that the Enum does not list are refused"
    if given.kind is Kind.BYTES:
        return "bytes arrive as lower-case hexadecimal text"
    if wanted.padded:
        return f"texts of more than {wanted.length} bytes are refused, shorter ones are filled with zero bytes"
    return "" if given.kind in _TEXTUAL else "values arrive as text"


def _integers(given: DataType, wanted: DataType) -> str:
    bits, room = given.bits or 64, wanted.bits or 64
    if given.signed == wanted.signed:
        return "" if bits <= room else f"values that need more than {room} bits overflow"
    if wanted.signed:
        return "" if bits < room else f"values of {2 ** (room - 1)} and above overflow"
    return (
        "negative values do not survive"
        if bits <= room
        else f"negative values and values over {room} bits do not survive"
    )


def _decimals(given: DataType, wanted: DataType) -> str:
    precision, scale = wanted.precision or 0, wanted.scale or 0
    if given.precision is None:
        return (
            f"an unbounded numeric: NaN and infinity are refused, digits after decimal place {scale} are cut, "
            f"and values of {precision - scale} integral digits or more overflow"
        )
    lost = []
    if (given.scale or 0) > scale:
        lost.append(f"digits after decimal place {scale} are cut")
    if given.precision - (given.scale or 0) > precision - scale:
        lost.append(f"values of more than {precision - scale} integral digits overflow")
    # Postgres' numeric(p,s) holds NaN too.
    lost.append("NaN is refused")
    return ", ".join(lost)


def _timestamps(given: DataType, wanted: DataType, native: Native) -> str:
    digits = 6 if given.precision is None else given.precision
    lost = []
    if native.name != "DateTime64":
        lost.append("instants outside of 1970-01-01 to 2106-02-07 (and infinity) do not survive")
        if digits > 0:
            lost.append("fractions of a second are cut")
    else:
        held = wanted.precision or 0
        last = "2262-04-11" if held == 9 else "2299-12-31"
        lost.append(f"instants outside of 1900-01-01 to {last} (and infinity) do not survive")
        if held < digits:
            lost.append(f"digits after decimal place {held} of a second are cut")
    if not given.tz:
        lost.append("a wall clock without zone is taken as UTC")
    return ", ".join(lost)
