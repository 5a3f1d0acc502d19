"""Values that may be said in several places: equal ones are one, different ones are a diagnostic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Generic, TypeVar

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.frontends.manifest.tree import Block, place
from dpone_compiler.frontends.problems import TwoValues
from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@value
class Said(Generic[T_co]):
    """A value with the manifest path where it stands; None: nothing was said there."""

    path: str
    value: T_co | None


class Notes:
    """What is collected while one load is built: diagnostics, and the spans of its IR paths. Local to one build."""

    def __init__(self, node: Block, load: str) -> None:
        self.node, self.load = node, load
        self.found: list[Diagnostic] = []
        self.spans: dict[str, Span] = {}
        self.unused: dict[str, str] = {}
        self.kept: dict[str, str] = {}

    def report(self, path: str, problem: Problem) -> None:
        """A problem at a manifest path."""
        self.found.append(Diagnostic(problem, self.at(path), self.load))

    def idle(self, path: str, why: str, value: str | None = None) -> None:
        """A key without effect, and why; with a value it is recorded in the IR."""
        self.unused[path] = why
        if value is not None:
            self.kept[path] = _shown(value)

    def at(self, path: str) -> Span:
        """Where a manifest path stands."""
        return place(self.node, _steps(path))

    def one(self, ir_path: str, *said: Said[T]) -> T | None:
        """The one value that was said, recorded as the origin of an IR path ('' for none)."""
        first: Said[T] | None = None
        for candidate in said:
            if candidate.value is None:
                continue
            if first is None:
                first = candidate
                if ir_path:
                    self.spans[ir_path] = self.at(candidate.path)
            elif candidate.value != first.value:
                self.report(
                    candidate.path,
                    TwoValues(first.path, _shown(first.value), candidate.path, _shown(candidate.value)),
                )
        return first.value if first else None

    def mark(self, paths: Mapping[str, str]) -> None:
        """Record origins: IR path to manifest path."""
        for ir_path, path in paths.items():
            self.spans.setdefault(ir_path, self.at(path))


def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in path.split(".")) if path else ()


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
