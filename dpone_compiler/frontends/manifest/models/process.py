"""One load as dpone and we write it, and the envelopes that hold several of them."""

from __future__ import annotations

from typing import Annotated, Any

from dpone_compiler.frontends.manifest.models.closed import Before, Closed
from dpone_compiler.frontends.manifest.models.sink import Sink
from dpone_compiler.frontends.manifest.models.source import Source, TableField
from dpone_compiler.frontends.manifest.models.values import (
    RECORDED,
    Count,
    Fate,
    Recorded,
    Share,
    Text,
    Unused,
    unsupported,
)


class State(Closed):
    """dpone's state block. Ours lives beside the target; its schema is taken from `table`, the rest is recorded."""

    type: Unused = None
    connection_id: Unused = None
    connection_ref: Unused = None
    connection_type: Recorded = None
    vault_path: Unused = None
    reuse: Unused = None
    atomicity: Unused = None
    provisioning: Unused = None
    table: Annotated[TableField | None, RECORDED] = None
    run_table: Unused = None
    receipt_table: Unused = None
    repair_authority_table: Unused = None
    repair_consumption_table: Unused = None
    audit_table: Unused = None


class Guards(Closed):
    """`reconciliation.guards`: how many deletes are still believable."""

    max_delete_ratio: Share | None = None
    max_delete_rows: Count | None = None


class Reconciliation(Closed):
    """dpone's reconciliation block; `true` stands for the empty one."""

    mode: Recorded = None
    cadence: Recorded = None
    consistency: Recorded = None
    delete_policy: Recorded = None
    empty_snapshot: Recorded = None
    guards: Guards | None = None


SWITCH = Before(
    lambda value, _known: ({} if value else None) if isinstance(value, bool) else value, bool | Reconciliation
)


_RECONCILIATION = Fate(
    recorded=True,  # the guards are limits of the load
    instead="each load proves itself (policies.reconcile); for rows that the source has lost say mode: snapshot_diff",
    harmless=lambda said: not said or (isinstance(said, dict) and said.keys() <= {"guards"}),
)
_SCHEMA_CONTRACT = Fate(
    recorded=False,
    instead="a column that differs from the plan stops the run (DP420), and a value that does not fit is lossy: fail, null or clamp",
    harmless=lambda said: isinstance(said, dict) and said.get("enforcement", "strict") == "strict",
)


class Process(Closed):
    """One load: the flat form, and what every other form is turned into."""

    name: Text
    description: str | None = None
    source: Source
    sink: Sink
    state: State | None = None
    depends_on: list[Text] | None = None
    reconciliation: Annotated[Reconciliation | None, _RECONCILIATION, SWITCH] = None
    schema_contract: Annotated[Any, _SCHEMA_CONTRACT] = None
    transforms: Annotated[object, unsupported("use source.columns with sql, or a view in the source", [])] = None
    task_group: Unused = None
    tech_schema: Unused = None
    bigquery_proxy: Unused = None
    runtime: Unused = None
    gitops: Unused = None
    quality: Unused = None
    observability: Unused = None
    performance: Unused = None
    certification: Unused = None
    governance: Unused = None
    lineage: Unused = None
    hooks: Unused = None
    metadata: Unused = None
    meta: Unused = None
    authoring: Unused = None
    execution: Unused = None


class Loads(Closed):
    """Our own form for several loads."""

    loads: list[Unused]
    defaults: dict[str, Unused] | None = None


class Flow(Closed):
    """`kind: dpone.flow.v1`."""

    kind: Text
    processes: list[Unused]
    defaults: dict[str, Unused] | None = None
    metadata: Unused = None
    meta: Unused = None
    authoring: Unused = None
    quality: Unused = None
    observability: Unused = None
    performance: Unused = None
    certification: Unused = None
    runtime: Unused = None
    gitops: Unused = None
    fragments: Annotated[object, unsupported("write the processes out under processes:")] = None
    recipe: Annotated[object, unsupported("write the processes out under processes:")] = None


class BatchTable(Closed):
    """A table of a batch with what is different about it."""

    table: Text
    id: Text | None = None
    overrides: dict[str, Unused] | None = None
    vars: dict[str, Unused] | None = None
    naming: dict[str, Unused] | None = None
    depends_on: list[Text] | None = None


class BatchSchema(Closed):
    """A schema of the source with its tables."""

    tables: list[Unused]
    defaults: dict[str, Unused] | None = None
    vars: dict[str, Unused] | None = None
    naming: dict[str, Unused] | None = None


class Batch(Closed):
    """`kind: dpone.batch.v1`."""

    kind: Text
    schemas: dict[str, BatchSchema]
    defaults: dict[str, Unused] | None = None
    vars: dict[str, Unused] | None = None
    naming: dict[str, Unused] | None = None
    convention: Text | None = None
    conventions: list[Text] | None = None
    registry: Unused = None
    validation: Unused = None
    quality: Unused = None
    observability: Unused = None
    performance: Unused = None
    certification: Unused = None
    runtime: Unused = None
    gitops: Unused = None
    metadata: Unused = None
    meta: Unused = None
    authoring: Unused = None
