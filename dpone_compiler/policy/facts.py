"""Facts: what is known about a load, each value with where it came from. What is absent is unknown."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from dpone_compiler.ir.load import DEFAULT_MODE, HINTED, OPEN_MODES, Load
from dpone_compiler.policy.model import Value
from dpone_compiler.source.value import value

MUTABLE_SINKS = ("postgres", "mssql", "clickhouse", "bigquery")


class FactSource(enum.Enum):
    """Who said so."""

    MANIFEST = "manifest"
    FLAG = "flag"
    CATALOG = "catalog"
    RECEIPT = "receipt"
    DERIVED = "derived"


@value
class Fact:
    """A known value and its source."""

    value: Value
    source: FactSource


@value
class Facts:
    """Known facts by name, sorted, so that equal knowledge is an equal value."""

    known: tuple[tuple[str, Fact], ...] = ()

    def get(self, name: str) -> Fact | None:
        """The fact of that name, or None when it is unknown."""
        return next((fact for known, fact in self.known if known == name), None)

    def adding(self, source: FactSource, values: Iterable[tuple[str, Value | None]]) -> Facts:
        """These facts with more on top: a later value wins over an earlier one, None adds nothing."""
        merged = dict(self.known)
        merged.update((name, Fact(value, source)) for name, value in values if value is not None)
        return Facts(tuple(sorted(merged.items(), key=lambda item: item[0])))


def manifest_facts(load: Load) -> Facts:
    """What the load itself says, each hint with who gave it. Statistics and `cdc_supported` are added by whoever knows them."""
    read, write, hints = load.read, load.write, load.hints
    sink = write.endpoint.engine
    said: tuple[tuple[str, Value | None], ...] = (
        ("load", load.name),
        ("source", read.endpoint.engine),
        ("sink", sink),
        ("source_table", str(read.endpoint.table)),
        ("target_table", str(write.endpoint.table)),
        ("rows", hints.rows),
        ("bytes", hints.bytes),
        ("changed", hints.changed),
        ("deleted", hints.deleted),
        ("key", ", ".join(write.key) or None),
        ("cursor", read.cursor.column if read.cursor else None),
        ("partition", write.partition.column if write.partition else None),
        ("partition_unit", write.partition.unit.value if write.partition else None),
        ("cdc", hints.cdc),
        ("strategy", None if write.mode in OPEN_MODES else write.mode or DEFAULT_MODE),
        ("merge_policy", None if write.merge_policy == "auto" else write.merge_policy),
    )
    facts = Facts().adding(FactSource.MANIFEST, said)
    for source in (FactSource.FLAG, FactSource.RECEIPT):
        told = [(name, getattr(hints, name)) for name in HINTED if load.origin.told.get(name) == source.value]
        facts = facts.adding(source, told)
    return facts.adding(FactSource.DERIVED, (("mutable_sink", sink in MUTABLE_SINKS),))
