"""From the messages of a slot to rows of the temporary table, as text of COPY: order, commit, operation, marks, old key, columns.

The order is that of the stream: transactions by commit, changes as they were made. Positions of single changes in the WAL interleave
between transactions and order nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dpone_compiler.runtime.outcome import RefusedError
from dpone_compiler.runtime.transfer import pgoutput
from dpone_compiler.runtime.transfer.pgoutput import UNCHANGED, Cell, Relation, Row

_ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t"))
_ANEW = "set REPLICA IDENTITY FULL on the source table, empty the load's watermark and let it begin with a new copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What the plan reads. `types`: column -> (type, modifier) as the table has them now. `known`: the columns that the plan was
    made with, None when it names its columns itself. `marks`: column -> places of the load's columns that are made of it."""

    schema: str
    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    filter: frozenset[str]
    marks: Mapping[str, tuple[int, ...]]
    known: frozenset[str] | None
    types: Mapping[str, tuple[int, int]]


def read_spec(text: str, catalog: Sequence[Sequence[str | None]]) -> Spec:
    """The plan's file and the rows (name, type, modifier) of the table as it is now."""
    raw: dict[str, Any] = json.loads(text)
    return Spec(
        schema=raw["schema"],
        table=raw["table"],
        columns=tuple(raw["columns"]),
        key=tuple(raw["key"]),
        filter=frozenset(raw["filter"]),
        marks={name: tuple(places) for name, places in raw["marks"].items()},
        known=None if raw["known"] is None else frozenset(raw["known"]),
        types={str(name): (int(type_ or 0), int(modifier or 0)) for name, type_, modifier in catalog},
    )


class Changes:
    """Rows of one window. `low`, `high`: commits from low on and below high; all others are somebody else's run."""

    def __init__(self, spec: Spec, low: int, high: int) -> None:
        self._spec, self._low, self._high = spec, low, high
        self._relations: dict[int, Relation] = {}
        self._checked: set[int] = set()
        self._commit = 0
        self._number = 0

    def rows(self, data: bytes) -> Iterator[bytes]:
        """The lines that one message gives: none, one, or two for a key that moved."""
        message = pgoutput.decode(data)
        match message:
            case pgoutput.Begin(commit):
                self._commit = commit
            case Relation():
                self._relations[message.id] = message
                self._checked.discard(message.id)
            case pgoutput.Insert(relation, new) if self._ours(relation):
                yield self._line("I", self._named(relation, new))
            case pgoutput.Update(relation, old, whole, new) if self._ours(relation):
                yield from self._update(relation, old, whole, new)
            case pgoutput.Delete(relation, old) if self._ours(relation):
                yield self._line("D", self._only_key(self._named(relation, old)))
            case pgoutput.Truncate(relations) if any(self._ours(relation) for relation in relations):
                yield self._line("T", {})
            case _:
                pass

    def _ours(self, relation: int) -> bool:
        """Whether a change is of the load's table and window; then its table must be the one that the plan was made for."""
        found = self._relations.get(relation)
        if found is None or (found.schema, found.name) != (self._spec.schema, self._spec.table):
            return False
        if not self._low <= self._commit < self._high:
            return False
        if relation not in self._checked:
            self._check(found)
            self._checked.add(relation)
        return True

    def _check(self, relation: Relation) -> None:
        found = {column.name: column for column in relation.columns}
        wrong = [f"column {name} is gone" for name in self._spec.columns if name not in found]
        if self._spec.known is not None:
            wrong += [f"column {name} is new" for name in found if name not in self._spec.known]
        wrong += [
            f"column {name} has another type"
            for name in self._spec.columns
            if name in found and (found[name].type, found[name].modifier) != self._spec.types.get(name)
        ]
        where = f"{self._spec.schema}.{self._spec.table}"
        if wrong:
            before = f"--window {self._low} {self._commit}"
            message = (
                f"at the transaction that commits at {lsn(self._commit)} the table {where} is not the one of the plan: "
                f"{'; '.join(wrong)}. Nothing was applied; `dponec run BUNDLE {before}` applies what comes before it"
            )
            raise RefusedError("DP443", message)
        lacking = [name for name in self._spec.key if relation.identity != "f" and not found[name].identity]
        if lacking:
            message = f"the replica identity of {where} lacked key column {lacking[0]} at {lsn(self._commit)}"
            raise RefusedError("DP442", message)

    def _named(self, relation: int, row: Row) -> dict[str, Cell]:
        columns = self._relations[relation].columns
        return {column.name: cell for column, cell in zip(columns, row, strict=True)}

    def _only_key(self, row: Mapping[str, Cell]) -> dict[str, Cell]:
        return {name: row[name] for name in self._spec.key}

    def _update(self, relation: int, old: Row | None, whole: bool, new: Row) -> Iterator[bytes]:
        named = self._named(relation, new)
        before = self._named(relation, old) if old is not None else {}
        if whole:
            named = {name: before[name] if cell is UNCHANGED else cell for name, cell in named.items()}
        moved = {name: before[name] for name in self._spec.key} if before else {}
        # A large key that did not change is in the old identity, or nowhere.
        named |= {name: cell for name, cell in moved.items() if named[name] is UNCHANGED}
        if moved and moved != self._only_key(named):
            yield self._line("D", moved)
            yield self._line("U", named, moved)
        else:
            yield self._line("U", named)

    def _line(self, op: str, row: Mapping[str, Cell], moved: Mapping[str, Cell] | None = None) -> bytes:
        unchanged = [name for name in self._spec.columns if row.get(name) is UNCHANGED]
        blind = [name for name in unchanged if name in self._spec.filter or name in self._spec.key]
        if blind:
            message = f"column {blind[0]} was left out of an update, and the filter or the key needs it; {_ANEW}"
            raise RefusedError("DP523", message)
        places = sorted({place for name in unchanged for place in self._spec.marks.get(name, ())})
        marks = "".join(f",{place}" for place in places) + ("," if places else "")
        cells: list[Cell] = [str(number).encode() for number in (self._number, self._commit)]
        cells += [op.encode(), marks.encode()]
        cells += [(moved or {}).get(name) for name in self._spec.key]
        cells += [row.get(name) for name in self._spec.columns]
        self._number += 1
        return b"\t".join(_cell(cell) for cell in cells) + b"\n"


def lsn(position: int) -> str:
    """A position of the WAL as people write it."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def _cell(cell: Cell) -> bytes:
    if cell is None or cell is UNCHANGED:
        return b"\\N"
    assert isinstance(cell, bytes)
    for plain, escaped in _ESCAPES:
        cell = cell.replace(plain, escaped)
    return cell
