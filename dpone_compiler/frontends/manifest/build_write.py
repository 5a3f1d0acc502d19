"""The writing half of a load: partitioning, policies and limits."""

from __future__ import annotations

from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.manifest.merging import Notes, Said
from dpone_compiler.frontends.manifest.models.process import Reconciliation
from dpone_compiler.frontends.manifest.models.sink import (
    DiffBlock,
    LimitsBlock,
    PartitionBlock,
    PolicyKeys,
    Scd2Block,
    Sink,
    SinkOptions,
    Strategy,
)
from dpone_compiler.frontends.manifest.models.source import SourceOptions
from dpone_compiler.frontends.problems import BadDuration, MissingKey
from dpone_compiler.ir.load import Backfill, Chunk, History, Limits, Partitioning, PartitionUnit, Policies, Snapshot

_PATH = "sink.strategy.partition"


def partition_of(notes: Notes, options: SourceOptions, strategy: Strategy) -> Partitioning | None:
    """The partitioning, in the strategy or as dpone's hint of a column."""
    block = strategy.partition or PartitionBlock()
    column = notes.one(
        f"{_PATH}.column",
        Said(f"{_PATH}.column", block.column),
        Said("sink.strategy.partition_column", strategy.partition_column),
        Said("source.options.partition_column", options.partition_column),
    )
    most = notes.one(
        "",
        Said(f"{_PATH}.max_partitions", block.max_partitions),
        Said(f"{_PATH}.max_partitions_per_run", block.max_partitions_per_run),
    )
    if column is None:
        if strategy.partition is not None:
            notes.report(_PATH, MissingKey("column", _PATH))
        return None
    notes.spans[_PATH] = notes.spans[f"{_PATH}.column"]
    default = Partitioning(column=column)
    return Partitioning(
        column=column,
        unit=PartitionUnit(block.by) if block.by else default.unit,
        max_partitions=most or default.max_partitions,
        nulls=block.nulls or default.nulls,
    )


def policies_of(notes: Notes, strategy: Strategy) -> Policies:
    """The policies, in their block or beside the mode."""
    inner = strategy.policies or PolicyKeys()
    default = Policies()

    def word(key: str) -> str:
        path = f"sink.strategy.policies.{key}"
        block: Said[object] = Said(path, getattr(inner, key))
        beside: Said[object] = Said(f"sink.strategy.{key}", getattr(strategy, key))
        return str(notes.one(path, block, beside) or getattr(default, key))

    notes.one(
        "",
        Said("sink.strategy.policies.staging_duplicates", inner.staging_duplicates or strategy.staging_duplicates),
        Said("sink.strategy.duplicate_policy", strategy.duplicate_policy),
    )
    return Policies(
        null_keys=word("null_keys"),
        staging_duplicates=word("staging_duplicates"),
        on_leave_filter=word("on_leave_filter"),
        deletes=word("deletes"),
        empty_slice=word("empty_slice"),
        readers=word("readers"),
        reconcile=word("reconcile"),
        lossy=word("lossy"),
    )


def snapshot_of(notes: Notes, strategy: Strategy, options: SinkOptions | None) -> Snapshot:
    """How a whole source is compared; each of dpone's two blocks has a policy for keys that are gone."""
    diff, scd2 = strategy.diff or DiffBlock(), strategy.scd2 or Scd2Block()
    missing = notes.one(
        "sink.strategy.snapshot.missing",
        Said("sink.strategy.diff.delete_policy", diff.delete_policy),
        Said("sink.strategy.scd2.delete_policy", scd2.delete_policy),
    )
    soft = options.soft_delete if options else None
    mark = notes.one(
        "sink.strategy.snapshot.mark", Said("sink.options.soft_delete.column", soft.column if soft else None)
    )
    default = Snapshot()
    return Snapshot(compare=diff.compare or default.compare, missing=missing or "", mark=mark or default.mark)


def history_of(notes: Notes, strategy: Strategy) -> History:
    """The technical columns of a history."""
    given, default, path = strategy.scd2 or Scd2Block(), History(), "sink.strategy.scd2"
    if strategy.scd2 is not None:
        notes.mark({"sink.strategy.history": path})
    return History(
        valid_from=given.valid_from_column or default.valid_from,
        valid_to=given.valid_to_column or default.valid_to,
        current=given.current_flag_column or default.current,
        row_hash=given.row_hash_column or "",
    )


def limits_of(notes: Notes, block: LimitsBlock | None, reconciliation: Reconciliation | None) -> Limits:
    """The limits; dpone's guard on deletes is one of them."""
    given = block or LimitsBlock()
    guards = reconciliation.guards if reconciliation else None
    ratio = notes.one(
        "sink.limits.max_delete_ratio",
        Said("sink.limits.max_delete_ratio", given.max_delete_ratio),
        Said("reconciliation.guards.max_delete_ratio", guards.max_delete_ratio if guards else None),
    )
    rows = notes.one(
        "sink.limits.max_delete_rows",
        Said("sink.limits.max_delete_rows", given.max_delete_rows),
        Said("reconciliation.guards.max_delete_rows", guards.max_delete_rows if guards else None),
    )
    default = Limits()
    return Limits(
        lock_timeout=default.lock_timeout if given.lock_timeout is None else given.lock_timeout,
        statement_timeout=default.statement_timeout if given.statement_timeout is None else given.statement_timeout,
        lease_seconds=default.lease_seconds if given.lease is None else given.lease,
        max_delete_ratio=ratio,
        max_delete_rows=rows,
    )


def backfill_of(notes: Notes, strategy: Strategy) -> Backfill | None:
    """The slices of a backfill; a step without a unit is in days for dates and in seconds for timestamps."""
    block, path = strategy.backfill, "sink.strategy.backfill"
    if block is None:
        return None
    notes.mark({path: path})
    if block.chunk is None:
        notes.report(path, MissingKey("chunk", path))
        return None
    given = block.chunk
    step = meaning.chunk_step(given.kind, given.step)
    if given.step is not None and step is None:
        notes.report(f"{path}.chunk.step", BadDuration(f"{path}.chunk.step", str(given.step)))
    chunk = Chunk(
        column=given.column,
        kind=given.kind,
        first="" if given.from_ is None else str(given.from_),
        last="" if given.to is None else str(given.to),
        step=step,
        buckets=given.buckets,
    )
    default = Backfill(inner_mode=meaning.DEFAULT_INNER_MODE, chunk=chunk)
    return Backfill(
        inner_mode=block.inner_mode or default.inner_mode,
        chunk=chunk,
        max_chunks=block.max_chunks or default.max_chunks,
    )


def evolution_of(notes: Notes, sink: Sink) -> str:
    """Whether columns are added: our word, or dpone's block where it asks for that and for it to be applied."""
    written = sink.options.schema_evolution if sink.options is not None else None
    block = written if isinstance(written, dict) else {}
    held = False in (block.get("enabled"), block.get("apply_safe")) or block.get("ddl_mode") in _HELD
    asked = block.get("mode") == "additive" and not held
    said = notes.one(
        "sink.schema_evolution",
        Said("sink.schema_evolution", sink.schema_evolution),
        Said("sink.options.schema_evolution", "additive" if asked else None),
    )
    return said or "none"


_HELD = ("plan_only", "manual_approval")
