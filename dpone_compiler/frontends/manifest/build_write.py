"""The writing half of a load: partitioning, policies and limits."""

from __future__ import annotations

from dpone_compiler.frontends.manifest.merging import Notes, Said
from dpone_compiler.frontends.manifest.models.process import Reconciliation
from dpone_compiler.frontends.manifest.models.sink import LimitsBlock, PartitionBlock, PolicyKeys, Strategy
from dpone_compiler.frontends.manifest.models.source import SourceOptions
from dpone_compiler.frontends.problems import MissingKey
from dpone_compiler.ir.load import Limits, Partitioning, PartitionUnit, Policies

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
        empty_slice=word("empty_slice"),
        readers=word("readers"),
        reconcile=word("reconcile"),
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
    default = Limits()
    return Limits(
        lock_timeout=default.lock_timeout if given.lock_timeout is None else given.lock_timeout,
        statement_timeout=default.statement_timeout if given.statement_timeout is None else given.statement_timeout,
        lease_seconds=default.lease_seconds if given.lease is None else given.lease,
        max_delete_ratio=ratio,
    )
