"""A load while its clauses are read: what was said, where, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar

from lark import Token

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.language.problems import ClauseGivenTwice, NameEmpty, QuantityNotUnderstood, UnknownWord
from dpone_compiler.frontends.language.trees import Node, quantity, span_of, tokens, word
from dpone_compiler.ir.load import (
    Backfill,
    ChangeFeed,
    ColumnSpec,
    Cursor,
    DeclaredScope,
    Endpoint,
    Hints,
    History,
    Limits,
    Partitioning,
    Policies,
    Snapshot,
    SqlText,
)
from dpone_compiler.source.text import Span

T = TypeVar("T")


@dataclass(slots=True)
class Draft:
    """Mutable on purpose and never leaves the reader: the IR is built from it once, at the end of the load."""

    file: str
    name: str
    source: Endpoint | None = None
    sink: Endpoint | None = None
    where: SqlText | None = None
    tombstone: SqlText | None = None
    columns: tuple[ColumnSpec, ...] | None = None
    declared: tuple[tuple[str, str, bool], ...] = ()
    cursor: Cursor | None = None
    feed: ChangeFeed | None = None
    scope: DeclaredScope | None = None
    backfill: Backfill | None = None
    snapshot: Snapshot = field(default_factory=Snapshot)
    history: History = field(default_factory=History)
    key: tuple[str, ...] = ()
    partition: Partitioning | None = None
    mode: str = ""
    merge_policy: str = "auto"
    staging: str = ""
    state: str = ""
    lock: str = ""
    version: str = ""
    create: str = "never"
    evolve: str = "none"
    client_os: str = "linux"
    description: str = ""
    depends_on: tuple[str, ...] = ()
    hints: Hints = field(default_factory=Hints)
    policies: Policies = field(default_factory=Policies)
    limits: Limits = field(default_factory=Limits)
    passthrough: dict[str, str] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    seen: dict[str, Span] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)

    def report(self, problem: Problem, node: Node | Token) -> None:
        """Keep a problem at a node."""
        self.found.append(Diagnostic(problem, span_of(node, self.file), self.name))

    def place(self, path: str, node: Node | Token) -> None:
        """Remember where the IR node of that path was written; the first place wins."""
        self.spans.setdefault(path, span_of(node, self.file))

    def once(self, what: str, node: Node) -> bool:
        """False, with a problem, when the load has said this already."""
        span = span_of(node, self.file)
        first = self.seen.setdefault(what, span)
        if first is not span:
            self.report(ClauseGivenTwice(what, f"{first.line}:{first.column}"), node)
        return first is span

    def name_of(self, name: Token) -> str:
        """The word of a name, which must not be empty."""
        text = word(name)
        if not text:
            self.report(NameEmpty(), name)
        return text

    def one_of(self, name: Token, known: Collection[str], what: str) -> str | None:
        """The word of a name when it is one of the known words."""
        text = word(name)
        if text in known:
            return text
        self.report(UnknownWord(text, what, did_you_mean(text, known)), name)
        return None

    def duration(self, node: Node) -> int | None:
        """Seconds."""
        return self._quantity(node, meaning.duration_seconds, "a duration", "write for example 10 minutes, 2h or 1 day")

    def share(self, node: Node) -> float | None:
        """A share 0..1."""
        written = quantity(node)
        advice = "a share lies between 0% and 100%"
        if not written.endswith("%") and meaning.share(written + "%") is not None:
            advice = f"did you mean {written}%?"
        return self._quantity(node, meaning.share, "a share", advice)

    def size(self, node: Node) -> int | None:
        """Bytes."""
        return self._quantity(node, meaning.size_bytes, "a size", "units: " + ", ".join(meaning.SIZE_UNITS))

    def count(self, node: Node, least: int = 0) -> int | None:
        """A whole number that is not below the least one, within 64 bits."""
        digits = str(next(tokens(node))).replace("_", "")
        if len(digits) > len(str(meaning.LARGEST_COUNT)) or int(digits) > meaning.LARGEST_COUNT:
            self.report(
                QuantityNotUnderstood(_short(quantity(node)), "a count", f"the most is {meaning.LARGEST_COUNT:_}"), node
            )
            return None
        number = int(digits)
        if number >= least:
            return number
        self.report(QuantityNotUnderstood(str(number), "large enough", f"the least is {least}"), node)
        return None

    def _quantity(self, node: Node, read: Callable[[str], T | None], what: str, advice: str) -> T | None:
        value = read(quantity(node))
        if value is None:
            self.report(QuantityNotUnderstood(_short(quantity(node)), what, advice), node)
        return value


def _short(text: str) -> str:
    """A text for a message, which is one line."""
    return text if len(text) <= 60 else f"{text[:60]}…"
