"""Kinds of values: durations, counts, shares, words and names. A refused value carries the problem that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.manifest.models.closed import After, Before, NotEmpty, Refused
from dpone_compiler.frontends.meaning import (
    ENGINE_ALIASES,
    LARGEST_COUNT,
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
    WrongType,
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


def _never(said: object) -> bool:
    return False


@value
class Fate:
    """What becomes of a key that has no field in the IR. `recorded`: a later stage reads it. Otherwise nobody does: it is said, and
    where rows or values depend on the key in dpone, `instead` says what to write here, but for what is `harmless`."""

    recorded: bool
    instead: str = ""
    harmless: Callable[[object], bool] = _never


RECORDED = Fate(recorded=True)
UNUSED = Fate(recorded=False)


def ignored(instead: str, *harmless: object) -> Fate:
    """The fate of a key that dpone takes for rows or values, and that has no effect here; but for the harmless values."""
    return Fate(recorded=False, instead=instead, harmless=lambda said: said in harmless)


Recorded = Annotated[Any, RECORDED]
Unused = Annotated[Any, UNUSED]


def unsupported(instead: str, *harmless: object) -> After:
    """A key that must not be used with any value but the harmless ones and null."""

    def check(value: object, known: Known) -> object:
        if value is None or value in harmless:
            return value
        raise Refused(lambda path: UnsupportedKey(path, instead))

    return After(check)


def _duration(value: object, known: Known) -> object:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    seconds = duration_seconds(value)
    if seconds is None:
        raise Refused(lambda path: BadDuration(path, str(value)))
    return seconds


def _count(least: int) -> Callable[[object, Known], object]:
    def check(value: object, known: Known) -> object:
        if isinstance(value, bool):
            return value
        if isinstance(value, str | float):
            raise Refused(lambda path: BadNumber(path, str(value), _written_out(value)))
        if isinstance(value, int) and value < least:
            raise Refused(lambda path: CountOutOfRange(path, str(value), f"at least {least}"))
        if isinstance(value, int) and value > LARGEST_COUNT:
            raise Refused(lambda path: CountOutOfRange(path, _short(value), f"at most {LARGEST_COUNT:_}"))
        return value

    return check


def _short(value: int) -> str:
    """A number for a message: one of very many digits by its first ones."""
    digits = str(value)
    return digits if len(digits) <= 24 else f"{digits[:12]}… ({len(digits)} digits)"


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


def _bytes(value: object, known: Known) -> object:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    count = size_bytes(value)
    if count is None and isinstance(value, int):
        bound = "at least 0" if value < 0 else f"at most {LARGEST_COUNT:_}"
        raise Refused(lambda path: CountOutOfRange(path, _short(value), bound))
    if count is None:
        raise Refused(lambda path: BadNumber(path, str(value), "write a number of bytes, or 50 GB, or 50 GiB"))
    return count


def _scope_literal(value: object, known: Known) -> object:
    """As a number of YAML 1.10 is 1.1, and the digits of a long one are not kept."""
    if isinstance(value, float):
        found = ("a text or a whole number", "a number with a point", "put quotes around what is written")
        raise Refused(lambda path: WrongType(path, *found))
    return value


def _share(value: object, known: Known) -> object:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return value
    found = share(value)
    if found is None:
        raise Refused(lambda path: ShareOutOfRange(path, str(value), _as_share(value)))
    return found


def _as_share(value: str | int | float) -> str:
    try:
        percent = float(value)
    except (ValueError, OverflowError):
        return "write a share such as 0.20"
    return f"did you mean {percent / 100:.2f}?" if 1 < percent <= 100 else "write a share such as 0.20"


def _names(value: object, known: Known) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value


def _table(value: object, known: Known) -> object:
    if not isinstance(value, str):
        return value
    parts = value.split(".")
    if len(parts) > 2 or not all(parts):
        raise Refused(lambda path: BadTableName(value))
    return {"name": parts[-1]} if len(parts) == 1 else {"schema": parts[0], "name": parts[1]}


def _as_name(key: str) -> Before:
    """A text stands for a mapping with one key."""
    return Before(lambda value, _known: {key: value} if isinstance(value, str) else value)


def _mode(word: str, known: Known) -> str:
    lowered = word.strip().lower()
    modes = known.modes
    if lowered not in modes:
        raise Refused(lambda path: UnknownMode(word, did_you_mean(word, modes)))
    return lowered


def _merge_policy(word: str, known: Known) -> str:
    lowered = word.strip().lower()
    canonical = MERGE_POLICY_ALIASES.get(lowered, lowered)
    policies = known.merge_policies
    if canonical not in policies:
        raise Refused(lambda path: UnknownMergePolicy(word, did_you_mean(word, policies)))
    return canonical


def _engine(word: str) -> str:
    lowered = word.strip().lower()
    return ENGINE_ALIASES.get(lowered, lowered)


def _source_engine(word: str, known: Known) -> str:
    engine = _engine(word)
    sources = known.sources
    if engine in sources:
        return engine
    if engine in OTHER_SOURCES:
        raise Refused(lambda path: SourceNotSupported(word, ", ".join(sources)))
    raise Refused(lambda path: UnknownEngine("source", word, did_you_mean(word, _with_aliases(sources))))


def _sink_engine(word: str, known: Known) -> str:
    engine = _engine(word)
    sinks = known.sinks
    if engine not in sinks:
        raise Refused(lambda path: UnknownEngine("sink", word, did_you_mean(word, _with_aliases(sinks))))
    return engine


def _with_aliases(engines: Iterable[str]) -> tuple[str, ...]:
    known = tuple(engines)
    return known + tuple(alias for alias, engine in ENGINE_ALIASES.items() if engine in known)


Text = Annotated[str, NotEmpty()]
Duration = Annotated[int, Before(_duration, str | int)]
Count = Annotated[int, Before(_count(0))]
Positive = Annotated[int, Before(_count(1))]
Bytes = Annotated[int, Before(_bytes, str | int)]
Share = Annotated[float, Before(_share, str | float)]
Names = Annotated[list[Text], Before(_names, str | list[str])]
Mode = Annotated[str, After(_mode)]
MergePolicy = Annotated[str, After(_merge_policy)]
SourceEngine = Annotated[str, After(_source_engine)]
SinkEngine = Annotated[str, After(_sink_engine)]
TABLE_TEXT = Before(_table)
COLUMN_TEXT = _as_name("column")
NAME_TEXT = _as_name("name")
SCHEMA_TEXT = _as_name("schema")
ScopeLiteral = Annotated[str | int | float, After(_scope_literal)]
