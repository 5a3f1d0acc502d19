"""Checks of a finished Load that hold for every front end: what a strategy needs, names, repeated columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.frontends.meaning import MISSING
from dpone_compiler.frontends.problems import (
    BackfillNeeded,
    BadLoadName,
    DuplicateLoad,
    FeedIncomplete,
    KeyNeeded,
    MissingPolicyMisplaced,
    PartitionNeeded,
    RepeatedColumn,
    ScopeNeeded,
)
from dpone_compiler.frontends.text_checks import text_problems
from dpone_compiler.ir.load import ChangeFeed, Load, Write

KEYED_MODES = ("incremental_merge", "snapshot_diff", "cdc_apply", "scd2")


def check_load(load: Load) -> Diagnostics:
    """What one load lacks."""
    return tuple(Diagnostic(problem, load.origin.at(path), load.name) for path, problem in _problems(load))


def check_names(loads: Iterable[Load]) -> Diagnostics:
    """Two loads of one name, reported at the later one."""
    seen: dict[str, Load] = {}
    found: list[Diagnostic] = []
    for load in loads:
        first = seen.setdefault(load.name, load)
        if first is not load:
            # One template may have named both: then the loads themselves are the places to show.
            path = "" if first.origin.at("name") == load.origin.at("name") else "name"
            where = str(first.origin.at(path) or "another file")
            found.append(Diagnostic(DuplicateLoad(load.name, where), load.origin.at(path), load.name))
    return tuple(found)


def name_fault(name: str) -> str:
    """Why a name cannot name the folder of a bundle; '' when it can."""
    if not name.strip():
        return "it is empty"
    if name in (".", ".."):
        return "it is a folder above"
    if "/" in name or "\\" in name:
        return "it has a slash"
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        return "it has a control character"
    # 255 bytes is the limit of a file name on Linux; the bundle adds nothing to it.
    return "it is longer than 200 bytes" if len(name.encode("utf-8", "replace")) > 200 else ""


def _problems(load: Load) -> Iterator[tuple[str, Problem]]:
    if fault := name_fault(load.name):
        yield "name", BadLoadName(load.name, fault)
    else:
        yield from text_problems(load)
    write = load.write
    if write.mode in KEYED_MODES and not write.key:
        yield "sink.strategy.mode", KeyNeeded(write.mode)
    if write.mode == "partition_replace" and write.partition is None:
        yield "sink.strategy.mode", PartitionNeeded()
    if write.mode == "replace" and load.read.scope is None:
        yield "sink.strategy.mode", ScopeNeeded()
    if load.read.feed is not None and (lacks := _feed_fault(load.read.feed)):
        yield "source.feed", FeedIncomplete(load.read.feed.mode, lacks)
    if write.mode == "backfill" and write.backfill is None:
        yield "sink.strategy.mode", BackfillNeeded()
    if (words := MISSING.get(write.mode)) and write.snapshot.missing not in ("", *words):
        yield (
            "sink.strategy.snapshot.missing",
            MissingPolicyMisplaced(write.snapshot.missing, write.mode, ", ".join(words)),
        )
    if name := _repeated(write.key):
        yield "sink.strategy.unique_key", RepeatedColumn(name, "unique_key")
    elif name := _repeated((*write.key, *_technical(write))):
        yield "sink.strategy.history", RepeatedColumn(name, "unique_key and technical columns")
    if name := _repeated(column.target for column in load.read.columns or ()):
        yield "source.columns", RepeatedColumn(name, "columns")


def _feed_fault(feed: ChangeFeed) -> str:
    """What a description of captured changes lacks or has too much of; '' when it is whole."""
    if feed.mode == "change_table" and not feed.operation:
        return "the column that says what happened is not named (operation_column)"
    if feed.mode == "change_table" and (feed.slot or feed.publication):
        return "a change table is read without slot and publication"
    if feed.mode == "logical_replication" and (feed.operation or feed.sequence):
        return "the stream itself says operation and order, so no column of the table does"
    if (feed.deletes == "soft_delete") is not bool(feed.deleted_column):
        return "soft_delete and the boolean column that it sets (deleted_column) belong together"
    return ""


def _technical(write: Write) -> tuple[str, ...]:
    """Columns that the strategy itself writes."""
    history = write.history
    if write.mode == "scd2":
        return tuple(filter(None, (history.valid_from, history.valid_to, history.current, history.row_hash)))
    soft = write.mode == "snapshot_diff" and write.snapshot.missing == "soft_delete"
    return (write.snapshot.mark,) if soft else ()


def _repeated(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""
