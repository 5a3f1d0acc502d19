"""One answer about a server, three-valued: what could not be asked is unknown, and never passed."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.ir.schema import TableFacts
from dpone_compiler.source.value import value

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"


@value
class Probe:
    """`status`: passed | failed | unknown; `message` says what was seen."""

    name: str
    status: str
    message: str


def verdict(name: str, holds: bool, yes: str, no: str) -> Probe:
    """A probe that was answered."""
    return Probe(name, PASSED if holds else FAILED, yes if holds else no)


def drift(side: str, snapshot: TableFacts | None, live: TableFacts) -> Probe:
    """Whether the table is still what the snapshot says: columns by name and type, and the partition key."""
    name = f"{side} drift"
    if snapshot is None:
        return Probe(name, UNKNOWN, "there is no catalog snapshot to compare with; `dponec introspect` writes one")
    found = tuple(_differences(snapshot, live))
    return verdict(name, not found, "the table is what the snapshot says", "; ".join(found))


def _differences(snapshot: TableFacts, live: TableFacts) -> Iterator[str]:
    old = {column.name: column for column in snapshot.structure.columns}
    new = {column.name: column for column in live.structure.columns}
    for name in sorted(old.keys() - new.keys()):
        yield f"column {name!r} is gone"
    for name in sorted(new.keys() - old.keys()):
        yield f"column {name!r} has come" + ("" if new[name].nullable else ", NOT NULL")
    for name in sorted(old.keys() & new.keys()):
        if old[name].native != new[name].native:
            yield f"column {name!r} was {old[name].native} and is {new[name].native}"
    if snapshot.structure.partition_key != live.structure.partition_key:
        yield f"the partition key was {snapshot.structure.partition_key!r} and is {live.structure.partition_key!r}"
