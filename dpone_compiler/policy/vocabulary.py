"""The facts that rules and gates may name: their kinds, their words and what they mean."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from dpone_compiler.ir.load import ENGINES, SOURCE_ENGINES, STRATEGIES
from dpone_compiler.policy.model import Value
from dpone_compiler.source.value import value


class FactKind(enum.Enum):
    """What a fact may be compared with."""

    WORD = "a word"
    TEXT = "text"
    COUNT = "a count"
    SHARE = "a share such as 5%"
    SIZE = "a size such as 50 GB"
    FLAG = "yes or no"


@value
class FactType:
    """Kind, meaning, and for WORD the closed list of words."""

    kind: FactKind
    meaning: str
    words: tuple[str, ...] = ()


FACTS: Mapping[str, FactType] = MappingProxyType(
    {
        "load": FactType(FactKind.TEXT, "name of the load"),
        "source": FactType(FactKind.WORD, "engine that is read", SOURCE_ENGINES),
        "sink": FactType(FactKind.WORD, "engine that is written", ENGINES),
        "source_table": FactType(FactKind.TEXT, "schema and name of the table that is read"),
        "target_table": FactType(FactKind.TEXT, "schema and name of the table that is written"),
        "rows": FactType(FactKind.COUNT, "estimated rows of the source"),
        "bytes": FactType(FactKind.SIZE, "estimated size of the source"),
        "changed": FactType(FactKind.SHARE, "share of rows changed since the last run"),
        "deleted": FactType(FactKind.SHARE, "share of rows deleted since the last run"),
        "key": FactType(FactKind.TEXT, "unique key, its columns joined by a comma and a blank"),
        "cursor": FactType(FactKind.TEXT, "cursor column"),
        "partition": FactType(FactKind.TEXT, "partition column"),
        "partition_unit": FactType(FactKind.WORD, "unit of a partition", ("value", "hour", "day", "month", "year")),
        "cdc": FactType(FactKind.FLAG, "the manifest says that change data capture is available"),
        "cdc_supported": FactType(FactKind.FLAG, "source and sink can apply captured changes"),
        "mutable_sink": FactType(FactKind.FLAG, "rows of the sink can be changed in place"),
        "strategy": FactType(FactKind.WORD, "chosen or requested strategy", STRATEGIES),
        "merge_policy": FactType(FactKind.TEXT, "chosen or requested merge policy"),
    }
)

_SIZES = (("PB", 10**15), ("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("KB", 10**3))


def value_text(fact: str, value: Value) -> str:
    """A value as a person writes it in a rule: 5%, 50 GB, 1_000_000, yes."""
    kind = FACTS[fact].kind if fact in FACTS else FactKind.TEXT
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind is FactKind.SHARE and isinstance(value, int | float):
        return f"{float(value) * 100:.10g}%"
    if isinstance(value, int):
        if kind is FactKind.SIZE:
            unit, size = next(((u, s) for u, s in _SIZES if value and value % s == 0), ("", 1))
            return f"{value // size:_} {unit}".rstrip()
        return f"{value:_}"
    return str(value)
