"""A decided load as a flat manifest of dpone 0.88, and what dpone has no word for. The inverse of the reader, where there is one.

dpone passes over keys that it does not know, so a key of ours must never be written for it: a filter in `where` would be gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from dpone_compiler.expr.types import Kind
from dpone_compiler.frontends.manifest.dpone_backfill import backfill_said, backfill_unsaid
from dpone_compiler.ir.decision import Undecided, decided
from dpone_compiler.ir.load import (
    ChangeFeed,
    Cursor,
    History,
    Limits,
    Load,
    Partitioning,
    PartitionUnit,
    Policies,
)
from dpone_compiler.source.value import value

_DAY = 86400
# Which policies dpone takes for which sink, and for which strategies; otherwise it takes its own.
_MERGING = {"mssql": ("incremental_merge",)}
_ALSO_PARTITIONS = ("incremental_merge", "partition_replace")
_POLICIES = {
    "mssql": ("update_insert", "delete_insert"),
    "postgres": ("delete_insert", "shadow_swap"),
    "bigquery": ("delete_insert", "shadow_swap"),
    "clickhouse": ("lightweight_delete_insert", "shadow_swap"),
    "kafka": ("event_upsert",),
}


@value
class Unsaid:
    """Something that dpone has no word for: `path` in our manifest, and what follows. `wrong`: dpone would load other rows or columns."""

    path: str
    why: str
    wrong: bool = False


def dpone_text(load: Load, decision: Mapping[str, Any]) -> str:
    """The manifest of a decided load as YAML; `decision` goes below `sink.options.strategy_intelligence`."""
    document: dict[str, Any] = {}
    for path, text in load.passthrough:
        _put(document, path, json.loads(text))
    for path, said in _said(load):
        if said is not None:
            _put(document, path, said)
    _put(document, "sink.options.strategy_intelligence", {"decision": dict(decision)})
    ordered = {key: document[key] for key in sorted(document, key=_place)}
    return yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=120)


def _place(key: str) -> tuple[int, str]:
    known = ("name", "description", "depends_on", "source", "sink", "state")
    return (known.index(key) if key in known else len(known), key)


def _put(document: dict[str, Any], path: str, said: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        document = document.setdefault(key, {})
    document[last] = said


def _said(load: Load) -> Iterator[tuple[str, Any]]:
    read, write, hints = load.read, load.write, load.hints
    yield "name", load.name
    yield "description", load.description or None
    yield "depends_on", list(load.depends_on) or None
    for side, end in (("source", read.endpoint), ("sink", write.endpoint)):
        yield f"{side}.type", end.engine
        yield f"{side}.connection_id", end.connection
        if end.engine == "kafka":
            yield f"{side}.topic", end.table.name
        else:
            yield f"{side}.table.schema", end.table.schema
            yield f"{side}.table.name", end.table.name
    options = "source.options."
    yield options + "columns", _columns(load)
    yield options + "custom_predicate", read.where.text if read.where is not None else None
    yield options + "estimated_rows", hints.rows
    yield options + "estimated_bytes", hints.bytes
    yield options + "changed_percent", hints.changed
    yield options + "delete_percent", hints.deleted
    yield options + "cdc_enabled", hints.cdc or None
    yield options + "batch_size", hints.batch_size
    if read.cursor is not None and write.slices is None:
        yield options + "incremental_column", read.cursor.column
        yield options + "lookback_days", read.cursor.lookback // _DAY or None
    if read.feed is not None:
        yield options + "cdc.mode", read.feed.mode
    yield "sink.staging.schema", write.staging_schema or None
    yield from _strategy(load)


def _columns(load: Load) -> list[Any] | None:
    types = {name: (native, nullable) for name, native, nullable in load.read.declared}
    if load.read.columns is None:
        return None
    names = [column.name for column in load.read.columns]
    return [
        {"name": name, "type": types[name][0], "nullable": types[name][1]} if name in types else name for name in names
    ]


def _strategy(load: Load) -> Iterator[tuple[str, Any]]:
    write, below = load.write, "sink.strategy."
    mode, policy = decided(load.decisions.strategy), _policy(load)
    yield below + "mode", mode
    yield from ((below + key, said) for key, said in backfill_said(load))
    yield below + "unique_key", list(write.key) or None
    yield below + "merge_policy", policy if _known_policy(load) else None
    yield below + "overwrite_type", "exchange" if mode == "full_refresh" and policy == "shadow_swap" else None
    if write.partition is not None:
        yield below + "partition.column", write.partition.column
        yield below + "partition.max_partitions_per_run", write.partition.max_partitions
    if mode == "snapshot_diff":
        yield below + "diff.compare", write.snapshot.compare
        yield below + "diff.delete_policy", write.snapshot.missing or None
    if mode == "scd2":
        yield below + "scd2.valid_from_column", write.history.valid_from
        yield below + "scd2.valid_to_column", write.history.valid_to
        yield below + "scd2.current_flag_column", write.history.current
        yield below + "scd2.row_hash_column", write.history.row_hash or None
        yield below + "scd2.delete_policy", write.snapshot.missing or None
    if load.read.feed is not None:
        yield below + "cdc.operation_column", load.read.feed.operation or None
        yield below + "cdc.delete_policy", load.read.feed.deletes
    if mode == "snapshot_diff" and write.snapshot.missing == "soft_delete":
        yield "sink.options.soft_delete.column", write.snapshot.mark
    if write.schema_evolution != "none" and not any(p == "sink.options.schema_evolution" for p, _ in load.passthrough):
        yield "sink.options.schema_evolution.mode", write.schema_evolution


def _policy(load: Load) -> str:
    choice = load.decisions.merge_policy
    return "" if isinstance(choice, Undecided) else choice.value


def _merges(load: Load) -> bool:
    """Whether dpone asks for a policy at all."""
    return decided(load.decisions.strategy) in _MERGING.get(load.write.endpoint.engine, _ALSO_PARTITIONS)


def _known_policy(load: Load) -> bool:
    return _merges(load) and _policy(load) in _POLICIES.get(load.write.endpoint.engine, ())


def unsaid(load: Load) -> tuple[Unsaid, ...]:
    """What the manifest for dpone leaves out, in the order of the manifest."""
    return (*_unread(load), *_unwritten(load))


def _unread(load: Load) -> Iterator[Unsaid]:
    read = load.read
    for index, column in enumerate(read.columns or ()):
        if column.sql is not None or column.cast or column.target != column.name:
            yield Unsaid(
                f"source.columns.{index}", "it reads columns as they are; make a view in the source", wrong=True
            )
    if read.tombstone is not None:
        yield Unsaid("source.tombstone", "it would load deleted rows like others", wrong=True)
    if why := backfill_unsaid(load):
        yield Unsaid("sink.strategy.backfill", why, wrong=True)
    if read.scope is not None and load.write.slices is None:
        yield Unsaid("source.options.portable_scope", "its scope has another form, below the strategy", wrong=True)
    if read.cursor is not None and load.write.slices is None:
        yield from _cursor(read.cursor)
    if read.feed is not None:
        words = ("sequence", "slot", "publication", "deleted_column", "truncate")
        yield from _differing(
            "source.feed", read.feed, ChangeFeed(), words, "it has its own way to name and order changes"
        )


def _cursor(cursor: Cursor) -> Iterator[Unsaid]:
    if cursor.lag is not None or cursor.assigned_by:
        yield Unsaid("source.cursor", "it reads up to the newest row that it sees: what commits later is missed")
    if cursor.lookback % _DAY:
        yield Unsaid("source.cursor.lookback", "it looks back whole days")
    if cursor.nulls:
        yield Unsaid("source.cursor.nulls", "it never reads rows whose cursor is NULL")


def _unwritten(load: Load) -> Iterator[Unsaid]:
    write, usual = load.write, Policies()
    if _policy(load) and not _known_policy(load) and _merges(load):
        yield Unsaid(
            "sink.strategy.merge_policy",
            f"it has no {_policy(load)} on {write.endpoint.engine} and takes its own default",
        )
    if write.partition is not None:
        yield from _partition(load, write.partition)
    words = ("null_keys", "staging_duplicates", "on_leave_filter", "deletes", "empty_slice", "readers")
    yield from _differing("sink.strategy.policies", write.policies, usual, words, "it has no such policy")
    # dpone's own guards on deletes are passed through as they were written.
    guards = () if any(p == "reconciliation" for p, _ in load.passthrough) else ("max_delete_ratio", "max_delete_rows")
    limits = ("lock_timeout", "statement_timeout", "lease_seconds", *guards)
    yield from _differing("sink.limits", write.limits, Limits(), limits, "it has no such bound on every sink")
    if write.history != History() and decided(load.decisions.strategy) != "scd2":
        yield Unsaid("sink.strategy.scd2", "only its scd2 has such columns")
    for path, name in (
        ("sink.lock_connection", write.lock_connection),
        ("sink.strategy.version_column", write.version_column),
        ("sink.create_target", "" if write.create_target == "never" else write.create_target),
        (
            "sink.state_schema",
            "" if any(p.startswith("state.table") for p, _ in load.passthrough) else write.state_schema,
        ),
    ):
        if name:
            yield Unsaid(path, "it has no such key")


def _partition(load: Load, partition: Partitioning) -> Iterator[Unsaid]:
    columns = () if isinstance(load.decisions.columns, Undecided) else load.decisions.columns
    whole_days = partition.unit is PartitionUnit.DAY and any(
        column.target.name == partition.column and column.target.type.kind is Kind.DATE for column in columns
    )
    if partition.unit is not PartitionUnit.VALUE and not whole_days:
        unit = partition.unit.value
        yield Unsaid("sink.strategy.partition.by", f"it replaces by the column's own values and not by {unit}")
    if partition.nulls == "own":
        yield Unsaid("sink.strategy.partition.nulls", "it has no partition of NULL")


def _differing(path: str, said: Any, usual: Any, names: Sequence[str], why: str) -> Iterator[Unsaid]:
    for name in names:
        if getattr(said, name) != getattr(usual, name):
            yield Unsaid(f"{path}.{name}", why)
