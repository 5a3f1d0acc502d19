"""The strategies in the order of the documentation, and what the worked examples in their docstrings may say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from doctest import DocTestParser, Example
from inspect import getdoc
from types import ModuleType
from typing import Any

from dpone_compiler.verify.meaning import (
    asked,
    backfill,
    cdc_apply,
    full_refresh,
    incremental_append,
    incremental_merge,
    partition_replace,
    replace_scope,
    resync,
    scd2,
    snapshot_diff,
    tables,
)
from dpone_compiler.verify.meaning.backfill import INNER
from dpone_compiler.verify.meaning.backfill import backfill as make_backfill

# Mode of the manifest -> the module that defines it, and the function that its examples call.
MODULES: dict[str, tuple[ModuleType, Any]] = {
    "full_refresh": (full_refresh, full_refresh.full_refresh),
    "incremental_append": (incremental_append, incremental_append.incremental_append),
    "incremental_merge": (incremental_merge, incremental_merge.incremental_merge),
    "partition_replace": (partition_replace, partition_replace.partition_replace),
    "replace": (replace_scope, replace_scope.replace_scope),
    "snapshot_diff": (snapshot_diff, snapshot_diff.snapshot_diff),
    "scd2": (scd2, scd2.scd2),
    "cdc_apply": (cdc_apply, cdc_apply.cdc_apply),
    "backfill": (backfill, make_backfill),
}
STRATEGIES: dict[str, asked.Meaning] = {
    name: function for name, (_, function) in MODULES.items() if name != "backfill"
} | {f"backfill of {inner}": make_backfill(inner) for inner in INNER}
"""Every meaning by its name."""

PAGES: dict[str, tuple[ModuleType, Any]] = {**MODULES, "resync": (resync, resync.resync)}
"""What has a page: the strategies, and the repair that most of them share."""

_KINDS = (asked.Asked, asked.Change, asked.Cursor, asked.Partition, asked.Source, asked.State, asked.Versions)
WORDS: dict[str, Any] = {
    **{each.__name__: each for each in (*(function for _, function in PAGES.values()), *_KINDS)},
    **{each.__name__: each for each in (tables.table, tables.show, replace)},
}
"""The names that the examples use."""


def strategy_pages() -> Iterator[str]:
    """Markdown: a section for each strategy, its rules and its examples."""
    for name, (module, function) in PAGES.items():
        first, _, rest = (module.__doc__ or "").strip().partition("\n\n")
        yield from (
            f"## {name}",
            "",
            f"**{first.removeprefix(name + ': ').replace(chr(10), ' ')}**",
            "",
            rest.strip(),
            "",
        )
        yield from _worked(getdoc(function) or "")


def _worked(text: str) -> Iterator[str]:
    """Prose as it is, and each run of examples as one block."""
    open_block = False
    for piece in DocTestParser().parse(text):
        if isinstance(piece, Example):
            if not open_block:
                yield "```pycon"
            open_block = True
            yield from _example(piece)
        elif piece.strip():
            if open_block:
                yield from ("```", "")
            open_block = False
            yield from (piece.strip(), "")
    if open_block:
        yield from ("```", "")


def _example(example: Example) -> Iterator[str]:
    first, *more = example.source.rstrip("\n").split("\n")
    yield f">>> {first}"
    yield from (f"... {line}".rstrip() for line in more)
    yield from example.want.rstrip("\n").split("\n") if example.want else ()
