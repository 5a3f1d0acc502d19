"""Kinds of values: durations, counts, shares, words and names. A refused value carries the problem that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.meaning import (
    ENGINE_ALIASES,
    MERGE_POLICIES,
    MERGE_POLICY_ALIASES,
    MODES,
    duration_seconds,
    share,
    size_bytes,
)
from dpone_compiler.frontends.problems import (
    BadDuration,
    BadNumber,
    BadTableName,
    CountOutOfRange,
    ShareOutOfRange,
    SourceNotSupported,
    UnknownEngine,
    UnknownMergePolicy,
    UnknownMode,
    UnsupportedKey,
)
from dpone_compiler.ir.load import ENGINES, SOURCE_ENGINES
from dpone_compiler.source.value import value

# Sources that dpone reads and this compiler does not; listed so that the message can say so.
OTHER_SOURCES = ("api", "http", "rest", "mysql", "kafka", "bigquery", "bq")

_MULTIPLES = {"k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}


@value
class Known:
    """The words that exist in this installation; plug-ins may add to the built-in ones."""

    modes: tuple[str, ...] = MODES
    merge_policies: tuple[str, ...] = MERGE_POLICIES
    sources: tuple[str, ...] = SOURCE_ENGINES
    sinks: tuple[str, ...] = ENGINES


@value
class Fate:
    """What becomes of a key that has no field in the IR. Recorded: a later stage reads it. Otherwise nobody does."""

    recorded: bool


RECORDED = Fate(recorded=True)
UNUSED = Fate(recorded=False)

Recorded = Annotated[Any, RECORDED]
Unused = Annotated[Any, UNUSED]


class Closed(BaseModel):
    """A mapping whose keys are all known. Strict: a number is no text, and a text no number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True, protected_namespaces=())


def refuse(make: Callable[[str], Problem]) -> PydanticCustomError:
    """The error of a validator: `make` gives the problem once the path of the value is known."""
    return PydanticCustomError("dponec", "refused", {"make": make})


def unsupported(instead: str, *harmless: object) -> AfterValidator:
    """A key that must not be used with any value but the harmless ones and null."""

    def check(value: object) -> object:
        if value is None or value in harmless:
            return value
        raise refuse(lambda path: UnsupportedKey(path, instead))

    return AfterValidator(check)


def _known(info: ValidationInfo) -> Known:
    return info.context if isinstance(info.context, Known) else Known()


def _duration(value: object) -> object:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    seconds = duration_seconds(value)
    if seconds is None:
        raise refuse(lambda path: BadDuration(path, str(value)))
    return seconds


def _count(least: int) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, bool):
            return value
        if isinstance(value, str | float):
            raise refuse(lambda path: BadNumber(path, str(value), _written_out(value)))
        if isinstance(value, int) and value < least:
            raise refuse(lambda path: CountOutOfRange(path, str(value), least))
        return value

    return check


def _written_out(value: str | float) -> str:
    """The number as it should be written; a general hint when it cannot be told."""
    text = str(value).strip().lower().replace("_", "").replace(",", "").removesuffix("rows").strip()
    factor = _MULTIPLES.get(text[-1:], 1)
    digits = text[:-1].strip() if factor != 1 else text
    try:
        number = float(digits) * factor
    except ValueError:
        return "write it out in digits, such as 50_000_000"
    return f"write {int(number):_}" if 0 <= number < 10**18 and number == int(number) else "write a whole number"


def _bytes(value: object) -> object:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    count = size_bytes(value)
    if count is None and isinstance(value, int):
        raise refuse(lambda path: CountOutOfRange(path, str(value), 0))
    if count is None:
        raise refuse(lambda path: BadNumber(path, str(value), "write a number of bytes, or 50 GB, or 50 GiB"))
    return count


def _share(value: object) -> object:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return value
    found = share(value)
    if found is None:
        raise refuse(lambda path: ShareOutOfRange(path, str(value), _as_share(value)))
    return found


def _as_share(value: str | int | float) -> str:
    try:
        percent = float(value)
    except (ValueError, OverflowError):
        return "write a share such as 0.20"
    return f"did you mean {percent / 100:.2f}?" if 1 < percent <= 100 else "write a share such as 0.20"


def _names(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value


def _table(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = value.split(".")
    if len(parts) > 2 or not all(parts):
        raise refuse(lambda path: BadTableName(value))
    return {"name": parts[-1]} if len(parts) == 1 else {"schema": parts[0], "name": parts[1]}


def _as_name(key: str) -> BeforeValidator:
    """A text stands for a mapping with one key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def _mode(word: str, info: ValidationInfo) -> str:
    lowered = word.strip().lower()
    modes = _known(info).modes
    if lowered not in modes:
        raise refuse(lambda path: UnknownMode(word, did_you_mean(word, modes)))
    return lowered


def _merge_policy(word: str, info: ValidationInfo) -> str:
    lowered = word.strip().lower()
    canonical = MERGE_POLICY_ALIASES.get(lowered, lowered)
    policies = _known(info).merge_policies
    if canonical not in policies:
        raise refuse(lambda path: UnknownMergePolicy(word, did_you_mean(word, policies)))
    return canonical


def _engine(word: str) -> str:
    lowered = word.strip().lower()
    return ENGINE_ALIASES.get(lowered, lowered)


def _source_engine(word: str, info: ValidationInfo) -> str:
    engine = _engine(word)
    sources = _known(info).sources
    if engine in sources:
        return engine
    if engine in OTHER_SOURCES:
        raise refuse(lambda path: SourceNotSupported(word, ", ".join(sources)))
    raise refuse(lambda path: UnknownEngine("source", word, did_you_mean(word, _with_aliases(sources))))


def _sink_engine(word: str, info: ValidationInfo) -> str:
    engine = _engine(word)
    sinks = _known(info).sinks
    if engine not in sinks:
        raise refuse(lambda path: UnknownEngine("sink", word, did_you_mean(word, _with_aliases(sinks))))
    return engine


def _with_aliases(engines: Iterable[str]) -> tuple[str, ...]:
    known = tuple(engines)
    return known + tuple(alias for alias, engine in ENGINE_ALIASES.items() if engine in known)


Text = Annotated[str, StringConstraints(min_length=1)]
Duration = Annotated[int, BeforeValidator(_duration, json_schema_input_type=str | int)]
Count = Annotated[int, BeforeValidator(_count(0))]
Positive = Annotated[int, BeforeValidator(_count(1))]
Bytes = Annotated[int, BeforeValidator(_bytes, json_schema_input_type=str | int)]
Share = Annotated[float, BeforeValidator(_share, json_schema_input_type=str | float)]
Names = Annotated[list[Text], BeforeValidator(_names, json_schema_input_type=str | list[str])]
Mode = Annotated[str, AfterValidator(_mode)]
MergePolicy = Annotated[str, AfterValidator(_merge_policy)]
SourceEngine = Annotated[str, AfterValidator(_source_engine)]
SinkEngine = Annotated[str, AfterValidator(_sink_engine)]
TABLE_TEXT = BeforeValidator(_table)
COLUMN_TEXT = _as_name("column")
NAME_TEXT = _as_name("name")
SCHEMA_TEXT = _as_name("schema")
