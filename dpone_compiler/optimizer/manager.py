"""Runs passes in order. Each pass sees a load whose requirements hold; listeners see each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import Pass, PassContext


class PassOrderError(ValueError):
    """A pass requires something that no earlier pass establishes: a bug of the order."""


class PassCrash(RuntimeError):
    """A pass raised: a bug. Carries the pass and the load it was given, for the reproducer."""

    def __init__(self, pass_name: str, load: Load) -> None:
        super().__init__(f"pass {pass_name} failed on load {load.name!r}")
        self.pass_name = pass_name
        self.load = load


class Listener(Protocol):
    """Told of every pass: before it starts, and after it with the load it gave (the same object when nothing changed).

    A pass that reports an error gives a load that nobody may hold to its invariants, so no listener is told of it.
    """

    def before(self, pass_: Pass, load: Load) -> None: ...
    def after(self, pass_: Pass, before: Load, after: Load) -> None: ...


@value
class PassOrder:
    """A tuple of passes whose requirements were checked when it was built. Raises PassOrderError."""

    passes: tuple[Pass, ...]

    def __post_init__(self) -> None:
        established: set[str] = set()
        for pass_ in self.passes:
            missing = [word for word in pass_.requires if word not in established]
            if missing:
                raise PassOrderError(f"{pass_.name} requires {missing}, which no earlier pass establishes")
            established.update(pass_.establishes)


def run_passes(
    load: Load, context: PassContext, order: PassOrder, listeners: Sequence[Listener] = ()
) -> tuple[Load, Diagnostics]:
    """The decided load and all diagnostics. Stops after the first pass that reports an error, with what was found so far."""
    found: list[Diagnostic] = []
    for pass_ in order.passes:
        for listener in listeners:
            listener.before(pass_, load)
        try:
            result = pass_.run(load, context)
        except Exception as error:
            raise PassCrash(pass_.name, load) from error
        found.extend(result.diagnostics)
        if has_errors(result.diagnostics):
            return result.load, tuple(found)
        for listener in listeners:
            listener.after(pass_, load, result.load)
        load = result.load
    return load, tuple(found)
