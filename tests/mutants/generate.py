"""More mutants, by chance: general operators on the trees of the emitted statements. One seed gives one list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml
from sqlglot import exp

from tests.mutants.arena import Arena
from tests.mutants.battery import cases
from tests.mutants.fragments import Fragment, fragments, written
from tests.mutants.mutant import Doc, rewrite

EQUIVALENT = Path(__file__).parent / "equivalent.yaml"
Node = exp.Expression
# A load of each strategy and policy; what they emit is what is broken.
_MERGE = "test_incremental_merge.py::test_{}"
BASES = {
    ("postgres", "incremental_merge", "update_insert"): _MERGE.format("rows_that_leave_the_filter[delete-pg18]"),
    ("postgres", "incremental_merge", "delete_insert"): _MERGE.format(
        "changes_moves_and_deletes_of_the_source[pg18-delete_insert]"
    ),
    ("postgres", "full_refresh", ""): "test_full_refresh.py::test_first_load_again_and_changes[pg18]",
    ("postgres", "incremental_append", ""): (
        "test_incremental_append.py::test_new_rows_are_added_and_changed_rows_too[pg18]"
    ),
    ("postgres", "partition_replace", ""): "test_partition_replace.py::test_changed_moved_and_deleted_rows[pg18]",
    ("clickhouse", "incremental_merge", "partition_rewrite"): _MERGE.format("rows_that_leave_the_filter[delete-chdb]"),
    ("clickhouse", "full_refresh", ""): "test_full_refresh.py::test_first_load_again_and_changes[chdb]",
    ("clickhouse", "incremental_append", ""): (
        "test_incremental_append.py::test_new_rows_are_added_and_changed_rows_too[chdb]"
    ),
    ("clickhouse", "partition_replace", ""): "test_partition_replace.py::test_changed_moved_and_deleted_rows[chdb]",
}

_FLIPS: dict[type[Node], type[Node]] = {
    exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ,
    exp.NullSafeNEQ: exp.NullSafeEQ, exp.NullSafeEQ: exp.NullSafeNEQ, exp.And: exp.Or, exp.Or: exp.And,
    exp.Max: exp.Min, exp.Min: exp.Max, exp.Greatest: exp.Least, exp.Least: exp.Greatest,
}  # fmt: skip


def _flip(node: Node) -> Node | None:
    other = _FLIPS.get(type(node))
    return other(**node.copy().args) if other else None


def _negate(node: Node) -> Node | None:
    if isinstance(node, exp.Not):
        return node.this.copy()
    return exp.Not(this=node.copy()) if isinstance(node, exp.Exists | exp.In | exp.Is) else None


def _first(node: Node) -> Node | None:
    return node.left.copy() if isinstance(node, exp.And | exp.Or) else None


def _second(node: Node) -> Node | None:
    return node.right.copy() if isinstance(node, exp.And | exp.Or) else None


def _no_where(node: Node) -> Node | None:
    if not isinstance(node, exp.Select | exp.Delete | exp.Update) or not node.args.get("where"):
        return None
    bare = node.copy()
    bare.set("where", None)
    return bare


def _constant(node: Node) -> Node | None:
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return exp.Literal.string(f"{node.this}x")
    return exp.Literal.number(int(node.this) + 1) if node.this.isdigit() else None


def _union(node: Node) -> Node | None:
    if not isinstance(node, exp.Union):
        return None
    other = node.copy()
    other.set("distinct", not node.args.get("distinct"))
    return other


def _half(node: Node) -> Node | None:
    return node.left.copy() if isinstance(node, exp.Union) else None


OPERATORS: dict[str, Callable[[Node], Node | None]] = {
    "flip": _flip, "negate": _negate, "first half": _first, "second half": _second, "no where": _no_where,
    "other constant": _constant, "other union": _union, "half a union": _half,
}  # fmt: skip
_GONE = "no statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """`part` names a file of the step ('' the main one), `piece` a fragment of it, `place` a node of that in preorder.

    `inside`: what the node is a part of, '' for a whole piece.
    """

    sink: str
    strategy: str
    policy: str
    step: str
    part: str
    piece: int
    place: int
    operator: str
    before: str
    after: str
    inside: str = ""

    @property
    def name(self) -> str:
        """One line for the list."""
        where = f"{self.step}{' (' + self.part + ')' if self.part else ''}"
        return f"{self.sink} {self.strategy} {where}: {self.operator}: {self.before} -> {self.after}"

    def apply(self, bundle: Path) -> bool:
        """Break a bundle that holds the very node at this place."""
        return rewrite(bundle, self._edit)

    def _edit(self, doc: Doc, files: dict[str, str]) -> bool:
        if (doc["route"]["target"]["engine"], doc["decision"]["strategy"]) != (self.sink, self.strategy):
            return False
        path = next((path for step, part, path in paths(doc) if (step, part) == (self.step, self.part)), "")
        found = _fragments(files.get(path, ""), dialect_of(doc, path))
        if self.piece >= len(found):
            return False
        changed = _changed(found[self.piece], self.place, self.operator)
        if changed is None or plain(changed[0]) != self.before:
            return False
        files[path] = found[self.piece].put(files[path], changed[1], dialect_of(doc, path))
        return True


@dataclass
class Collect:
    """Not a mutant: it takes what a load emits."""

    doc: Doc = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def apply(self, bundle: Path) -> bool:
        """Read, and change nothing."""

        def read(doc: Doc, files: dict[str, str]) -> bool:
            self.doc, self.files = doc, dict(files)
            return False

        return rewrite(bundle, read)


class Rewritten:
    """Not a mutant either: every piece is written anew and means the same. Proves that parsing and writing change nothing."""

    def apply(self, bundle: Path) -> bool:
        """Write the whole bundle anew."""

        def anew(doc: Doc, files: dict[str, str]) -> bool:
            for _, _, path in paths(doc):
                for piece in reversed(_fragments(files[path], dialect_of(doc, path))):
                    files[path] = piece.put(files[path], piece.tree, dialect_of(doc, path))
            return True

        return rewrite(bundle, anew)


def paths(doc: Doc) -> Iterator[tuple[str, str, str]]:
    """(step, part, path) of each file of the plan's steps."""
    for step in doc["steps"]:
        parts = {"": step["file"], **step["files"], "guard": step["guard"]["file"]}
        yield from ((step["id"], part, path) for part, path in parts.items() if path)


def dialect_of(doc: Doc, path: str) -> str:
    """The engine that runs this file."""
    step = next(step for step in doc["steps"] if path in (step["file"], step["guard"]["file"], *step["files"].values()))
    source = step["side"] == "source" or path in (step["files"].get("extract"), step["files"].get("queryout"))
    return str(doc["route"]["source" if source else "target"]["engine"])


def generated(arena: Arena, seed: int, count: int) -> list[Generated]:
    """`count` different mutants of the bases, drawn with `seed`."""
    every = [mutant for base in BASES for mutant in _of_base(arena, base)]
    return Random(seed).sample(every, min(count, len(every)))


def equivalent(mutant: Generated) -> str:
    """Why this mutant changes nothing that anybody could see, '' if it does."""
    for entry in _listed():
        asked = {name: value for name, value in entry.items() if name != "why"}
        if all(re.fullmatch(pattern, getattr(mutant, name), re.DOTALL) for name, pattern in asked.items()):
            return str(entry["why"])
    return ""


def _listed() -> list[dict[str, Any]]:
    return list(yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or [])


def _of_base(arena: Arena, base: tuple[str, str, str]) -> Iterator[Generated]:
    collected = Collect()
    arena.verdict(collected, [cases()[BASES[base]]])
    sink, strategy, policy = base
    for step, part, path in paths(collected.doc):
        for piece, fragment in enumerate(_fragments(collected.files[path], dialect_of(collected.doc, path))):
            for operator, place, before, after in _changes(fragment):
                around = plain(before.parent) if before.parent is not None else ""
                yield Generated(
                    sink=sink, strategy=strategy, policy=policy, step=step, part=part, piece=piece, place=place,
                    operator=operator, before=plain(before), after=plain(after), inside=around,
                )  # fmt: skip


_FRAGMENTS: dict[tuple[str, str], list[Fragment]] = {}


def _fragments(text: str, dialect: str) -> list[Fragment]:
    key = (text, dialect)
    if key not in _FRAGMENTS:
        _FRAGMENTS[key] = fragments(text, dialect)
    return _FRAGMENTS[key]


def _changes(fragment: Fragment) -> Iterator[tuple[str, int, Node, Node | None]]:
    if isinstance(fragment.tree, exp.Update | exp.Delete | exp.Insert):
        yield _GONE, 0, fragment.tree, None
    for place, node in enumerate(fragment.tree.walk(bfs=False)):
        for operator, change in OPERATORS.items():
            if (after := change(node)) is not None and (
                node.parent is not None or isinstance(after, exp.Query | exp.DML)
            ):
                yield operator, place, node, after


def _changed(fragment: Fragment, place: int, operator: str) -> tuple[Node, Node | None] | None:
    """The node at that place, and the whole tree without it as it was."""
    if operator == _GONE:
        return fragment.tree, None
    tree = fragment.tree.copy()
    nodes = list(tree.walk(bfs=False))
    after = OPERATORS[operator](nodes[place]) if place < len(nodes) else None
    if after is None:
        return None
    before = nodes[place].copy()
    if nodes[place].parent is None:
        return before, after
    nodes[place].replace(exp.paren(after) if isinstance(after, exp.Connector | exp.Not) else after)
    return before, tree


def plain(node: Node | None) -> str:
    """SQL of a node in one line, without the names that differ from test to test."""
    text = "nothing" if node is None else " ".join(written(node, "postgres").split())
    return re.sub(r"\bt\d+\b|(?<=__dponec_)[0-9a-f]{8}", "_", text)
