"""Checking what a script passes in: each function gives the IR's value or raises ScriptError with the argument's name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.dsl.problems import ArgumentNotUsable, ArgumentUnknownWord, ScriptError
from dpone_compiler.ir.load import SOURCE_ENGINES, ColumnSpec, Endpoint, PartitionUnit, SqlText
from dpone_compiler.ir.loss import POLICIES
from dpone_compiler.ir.schema import TableRef

_PART = re.compile(r'"(?:[^"]|"")+"|[^."]+')
_TABLE = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


@dataclass(frozen=True, slots=True)
class PartitionBy:
    """`day("business_date")`."""

    column: str
    unit: PartitionUnit


def endpoint(engine: str, connection: str, table: str) -> Endpoint:
    """One side of a load. The table is `schema.table`; a dot inside a part is written in double quotes."""
    name(connection, "connection")
    if engine == "kafka":
        return Endpoint(engine=engine, connection=connection, table=TableRef("", name(table, "table")))
    parts = _parts(name(table, "table"))
    schema = parts[0] if len(parts) == 2 else meaning.default_schema(engine)
    if len(parts) not in (1, 2) or not schema:
        raise ScriptError(ArgumentNotUsable(table, f"a table of {engine}", "write schema.table"), "1")
    return Endpoint(engine=engine, connection=connection, table=TableRef(schema, parts[-1]))


def source(side: object) -> Endpoint:
    """An endpoint that can be read."""
    if isinstance(side, Endpoint) and side.engine in SOURCE_ENGINES:
        return side
    shown = side.engine if isinstance(side, Endpoint) else repr(side)
    problem = ArgumentNotUsable(shown, "something a load can read from", "sources: " + ", ".join(SOURCE_ENGINES))
    raise ScriptError(problem, "0")


def sink(side: object) -> Endpoint:
    """An endpoint that can be written."""
    if isinstance(side, Endpoint):
        return side
    raise ScriptError(ArgumentNotUsable(repr(side), "something a load can write into"), "0")


def name(value: object, argument: str) -> str:
    """Text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise ScriptError(ArgumentNotUsable(str(value), "a name"), argument)


def one_of(value: str, known: Collection[str], what: str, argument: str) -> str:
    """One of the known words."""
    if value in known:
        return value
    raise ScriptError(ArgumentUnknownWord(str(value), what, did_you_mean(str(value), known)), argument)


def merge_policy(value: str, argument: str) -> str:
    """A merge policy, aliases resolved."""
    return meaning.merge_policy_word(value) or one_of(value, meaning.MERGE_POLICIES, "merge policy", argument)


def duration(value: str | int, argument: str) -> int:
    """Seconds."""
    seconds = meaning.duration_seconds(value)
    if seconds is None:
        raise ScriptError(ArgumentNotUsable(str(value), "a duration", "for example 10 minutes, 2h or 1 day"), argument)
    return seconds


def chunk_step(kind: str, value: str | int | None, argument: str) -> int | None:
    """The step of a backfill's slices, or None."""
    step = meaning.chunk_step(kind, value)
    if value is not None and step is None:
        raise ScriptError(ArgumentNotUsable(str(value), "a step", "7 days for times, 1000 for integers"), argument)
    return step


def share(value: str | float | None, argument: str) -> float | None:
    """A share 0..1, or None."""
    found = None if value is None else meaning.share(value)
    if value is not None and found is None:
        percent = isinstance(value, int | float) and not isinstance(value, bool) and 1 < value <= 100
        advice = f"did you mean {value / 100:.2f}?" if percent and not isinstance(value, str) else "a share is 0..1"
        raise ScriptError(ArgumentNotUsable(str(value), "a share", advice), argument)
    return found


def size(value: str | int | None, argument: str) -> int | None:
    """Bytes, or None."""
    found = None if value is None else meaning.size_bytes(value)
    if value is not None and found is None:
        raise ScriptError(ArgumentNotUsable(str(value), "a size", "for example 50 GB"), argument)
    return found


def count(value: int | None, argument: str, least: int = 0) -> int | None:
    """A whole number that is not below the least one, within 64 bits, or None."""
    number = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (number and least <= value <= meaning.LARGEST_COUNT):
        raise ScriptError(ArgumentNotUsable(str(value), "a count", f"a whole number from {least} up"), argument)
    return value


def column(name_: str, *, target: str = "", cast: str = "", sql: str = "", lossy: str = "") -> ColumnSpec:
    """One column for `.columns(…)`: its source name, its name in the target, a cast, SQL that computes it, and what becomes of values
    that the target's type cannot hold (fail, null, clamp, text)."""
    name(name_, "0")
    if lossy not in ("", *POLICIES):
        raise ScriptError(ArgumentNotUsable(lossy, "a policy", ", ".join(POLICIES)), "lossy")
    given = SqlText(text=sql.strip()) if sql else None
    return ColumnSpec(name=name_, target=target or name_, cast=cast, sql=given, lossy=lossy)


def _parts(table: str) -> list[str]:
    if not _TABLE.fullmatch(table):
        return []
    parts = (found[0] for found in _PART.finditer(table))
    return [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts]
