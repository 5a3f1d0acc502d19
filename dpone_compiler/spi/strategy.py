"""What a load strategy and a native path implement; built-in ones enter by the same entry points as a stranger's."""

from __future__ import annotations

from collections.abc import Callable

from dpone_compiler.ir.load import Load
from dpone_compiler.plan.step import Plan
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Facts


@value
class Viable:
    """The strategy can be used; `reason` says why it may be a good choice."""

    reason: str


@value
class NotViable:
    """The strategy cannot be used here; `reason` says what is missing, `code` is stable (`unique_key_required`, …)."""

    code: str
    reason: str


@value(kw_only=True)
class Setting:
    """What a strategy may look at besides the load."""

    facts: Facts
    source: Backend
    sink: Backend


@value(kw_only=True)
class Strategy:
    """A load strategy as a value.

    judge: can it be used for this load between these two ends. finalizer: (name, reason) of how staging gets into the
    target. steps: the decided load as a plan. reload: which rows of a partition may be loaded again by a resync:
    `whole` (all of them), `loaded` (those below the watermark: later ones would be added once more by the next run), '' none,
    for the reason in `no_reload`. tombstones: whether it knows what to do with rows that the source has deleted and still holds.
    """

    name: str
    needs_key: bool
    judge: Callable[[Load, Setting], Viable | NotViable]
    finalizer: Callable[[Load, Setting], tuple[str, str]]
    steps: Callable[[Load, Setting], Plan]
    reload: str = ""
    no_reload: str = ""
    tombstones: bool = False


@value(kw_only=True)
class NativePath:
    """A vendor's bulk path between two engines.

    `export`, `ingest`: the commands that move the rows, for people. `proofs`: ids of the tests in which every type went through it
    and came out the same; what the plan says of losses rests on them.
    """

    name: str
    source: str
    sink: str
    tools: tuple[str, ...]
    fallback: str
    wire: Callable[[Load, Setting], tuple[str, str]]  # (binary | text | tsv, reason)
    export: str = ""
    ingest: str = ""
    proofs: tuple[str, ...] = ()


_STREAMED = "rows are read and written in batches by the runtime"


def streaming(source: str, sink: str) -> NativePath:
    """The path that every route has: rows through Python. It needs no tool and has nothing to fall back to."""

    def wire(_load: Load, _setting: Setting) -> tuple[str, str]:
        return "text", f"there is no native path from {source} to {sink}"

    name = "streaming_rows"
    return NativePath(
        name=name, source=source, sink=sink, tools=(), fallback=name, wire=wire, export=_STREAMED, ingest=_STREAMED
    )
