"""Engines whose abilities are known and whose SQL is not written yet: advice is given for them, a compile is refused.

They are backends like any other, so that one decision function serves every route: `dponec advise` and StrategyAdvisor
read their capabilities; the compile reads `declared`, which says why there is no plan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import STRATEGIES
from dpone_compiler.ir.schema import Column, EngineFacts
from dpone_compiler.plan.step import Step
from dpone_compiler.spi.backend import Backend, Capabilities, Carry, Context, Lowered, Unsupported

_NO_PARTITIONS = (
    "it is an event log, not a table whose partitions can be replaced; use keyed incremental_merge (event upserts)"
)
_NO_HISTORY = "it is an event log: consumers keep the history of a key, the topic does not"
# cloud.google.com/bigquery/docs/transactions; cloud.google.com/bigquery/docs/using-dml-with-partitions
_BIGQUERY_POLICIES = {
    "full_refresh": ("shadow_swap", "delete_insert"),
    "incremental_merge": ("delete_insert", "shadow_swap"),
    "partition_replace": ("delete_insert",),
    "cdc_apply": ("delete_insert",),
}
_KAFKA = {"full_refresh", "incremental_append", "incremental_merge", "snapshot_diff", "cdc_apply", "backfill"}


def _capabilities(
    facts: EngineFacts | None,
    *,
    lacks: Mapping[str, str],
    policies: Mapping[str, tuple[str, ...]],
    table: bool,
    why: str,
) -> Capabilities:
    return Capabilities(
        strategies={name: lacks.get(name, "") for name in STRATEGIES},
        merge_policies=policies,
        transactional=False,
        mutable_table=table,
        partitions=table,
        snapshots=False,
        not_read=why,
    )


def _unsupported(ctx: Context, step: Step, *, why: str) -> Lowered | Unsupported:
    return Unsupported(why)


def _declared(
    name: str, dialect: str, *, lacks: Mapping[str, str], policies: Mapping[str, tuple[str, ...]], table: bool
) -> Backend:
    why = f"{name} is known to the advice only: no plan is written for it yet"
    refuse = partial(_unsupported, why=why)
    return Backend(
        name=name,
        dialect=dialect,
        default_schema="",
        capabilities=partial(_capabilities, lacks=lacks, policies=policies, table=table, why=why),
        parse_type=_parse_type,
        propose_type=_propose_type,
        carry=_carry,
        lower_source=refuse,
        lower_sink=refuse,
        digest_expression=lambda _columns, _side: "",
        setup=lambda _context: (),
        params=lambda _context: (),
        state_table=lambda _context: "",
        declared=why,
    )


def _parse_type(native: str) -> DataType:
    """The family of a type's label; what `_propose_type` gives comes back as it was."""
    word = re.match(r"[a-z]+", native.lower())
    name = word[0] if word else ""
    if name == "int":
        return DataType(kind=Kind.INT, bits=64)
    kind = next((kind for kind in Kind if kind.value == name and kind is not Kind.ENUM), Kind.OTHER)
    return DataType(kind=kind, native=native if kind is Kind.OTHER else "", tz="with time zone" in native)


def _propose_type(type_: DataType) -> str:
    return type_.label()


def _carry(source: Column, target: Column, engine: str, server: EngineFacts | None) -> Carry:
    return Carry(binary=False)


BIGQUERY = _declared("bigquery", "bigquery", lacks={}, policies=_BIGQUERY_POLICIES, table=True)
KAFKA = _declared(
    "kafka",
    "",
    lacks={
        name: _NO_PARTITIONS if name in ("partition_replace", "replace") else _NO_HISTORY
        for name in STRATEGIES
        if name not in _KAFKA
    },
    policies=dict.fromkeys(("incremental_merge", "cdc_apply"), ("event_upsert",)),
    table=False,
)
