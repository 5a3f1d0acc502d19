"""A backend is a value: names, capabilities, and a lowering for every action, as a source and as a sink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.evolution import AddedColumns
from dpone_compiler.ir.load import Load, MovedColumn
from dpone_compiler.ir.loss import Loss, sentence
from dpone_compiler.ir.new_target import NewTarget
from dpone_compiler.ir.schema import Column, EngineFacts, TableFacts, TableStructure
from dpone_compiler.plan.step import Plan, Step
from dpone_compiler.source.value import value


@value(kw_only=True)
class Facts:
    """What is known of the two ends at compile time. None: no snapshot was given, the plan says what it could not check.

    `new_target`: the target is in no snapshot and is to be made; `target_table` is then what it will be. `added`: the same of a target
    that lacks columns; None: the load adds none.
    """

    source_engine: EngineFacts | None
    source_table: TableFacts | None
    target_engine: EngineFacts | None
    target_table: TableFacts | None
    new_target: NewTarget | None = None
    added: AddedColumns | None = None


@value(kw_only=True)
class Context:
    """All that a lowering may read. `source`/`sink` are the two backends, so that one side can ask the other for its forms
    (a digest expression, a wire projection); `plan` is the whole plan."""

    load: Load
    facts: Facts
    plan: Plan
    source: Backend
    sink: Backend
    lock: Backend | None = None  # keeps the lease of a target that keeps none itself


@value(kw_only=True)
class Lowered:
    """How one step is done.

    `op`: see artifacts.plan_doc. `bodies`: role -> SQL text (`main` for sql/query/check; `extract` + `load` for transfer;
    `query` + `body` for foreach; `query`, perhaps `body` for await); each becomes one file. `guard`: SQL that answers one row,
    one cell: '1' = already done. `locks`: sentences (mode, object, until when). `visibility`: isolation level -> what a reader
    of the target sees meanwhile. `params`: names that the bodies read. `captures`: names that a query gives. `settings`: of a
    transfer's load, what the engine is told besides the rows, under the names that users of dpone know. `max_items`,
    `max_seconds`: the bounds of a foreach and of an await.
    """

    op: str
    bodies: Mapping[str, str]
    params: tuple[str, ...] = ()
    captures: tuple[str, ...] = ()
    guard: str = ""
    locks: tuple[str, ...] = ()
    visibility: Mapping[str, str] = field(default_factory=dict)
    max_items: int = 0
    max_seconds: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)


@value(kw_only=True)
class NewTable:
    """What a new target has to hold. `columns`: those that are loaded, then those that the strategy writes itself, with the types
    that are proposed for them. `strategy`: '' where it is still open. `unique`: the target holds one row a key. `own`: names of those
    that the strategy writes."""

    load: Load
    engine: EngineFacts | None
    columns: tuple[Column, ...]
    strategy: str
    unique: bool
    own: tuple[str, ...] = ()


@value
class Unsupported:
    """Why this backend does not do this action (a sentence for the user)."""

    why: str


@value(kw_only=True)
class Carry:
    """How a column's values get from source to target. `losses`: the values that cannot survive; () every value arrives.

    `changes`: '' or how every value changes its form on the way without loss, such as bytes that arrive as hexadecimal text.
    `form`: the text that the sink wants on a text wire: text | int_bool | utc_timestamp:<precision> | epoch_seconds | date |
    decimal | float | uuid | json_text | hex_bytes. `null_guard`: the sink would read NULL as a value and say nothing, so the
    source's projection must fail on NULL.
    """

    binary: bool  # both sides' binary COPY forms are the same bytes
    losses: tuple[Loss, ...] = ()
    changes: str = ""
    refused: str = ""  # not '' : no way at all, with the reason
    form: str = "text"
    null_guard: bool = False

    @property
    def loss(self) -> str:
        """The losses in one line."""
        return sentence(self.losses)


@value
class NativeType:
    """A type that this engine's catalog can show: one spelling of it, and what it holds."""

    spelling: str
    holds: str


@value(kw_only=True)
class Capabilities:
    """Facts about an engine that passes read. Each has its page beside it in the backend's capabilities file."""

    strategies: Mapping[str, str]  # strategy -> '' supported | why not
    merge_policies: Mapping[str, tuple[str, ...]]  # strategy -> policies, best first
    transactional: bool  # data and state can commit together
    mutable_table: bool
    partitions: bool
    snapshots: bool  # a source snapshot can span statements
    state_in_target: bool = True
    replaced_rows_return: bool = False  # a server that restarts soon after a replacement shows the old rows again
    stages_alone: bool = False  # staging is made and filled outside of any transaction, though the sink has them
    cdc_source: bool = False
    not_read: str = ""  # why this engine cannot be a source; '' it can
    newer_policies: Mapping[str, str] = field(
        default_factory=dict
    )  # policy -> which version has what this server lacks


@value(kw_only=True)
class PolicyVerdict:
    """What a backend says of a merge policy for one table: why it does not fit, or why it comes before the sink's first one."""

    refused: str = ""
    preferred: str = ""


@value(kw_only=True)
class ParamSpec:
    """A parameter that this backend's bodies need beyond the common ones: derived identifiers such as staging names."""

    name: str
    type: str
    source: str
    prefix: str = ""


@value(kw_only=True)
class SetupFile:
    """One file of setup/: SQL that a DBA runs once. `name` without folder, `side`: source | target | lock (then it begins so)."""

    name: str
    side: str
    body: str
    purpose: str


Lowering = Callable[[Context, Step], Lowered | Unsupported]


def makes_no_tables(new: NewTable) -> NewTarget:
    """The design of an engine that makes none."""
    return NewTarget(structure=None, refused=f"{new.load.write.endpoint.engine} makes no tables in this version")


def adds_no_columns(new: NewTable, _table: TableStructure) -> AddedColumns:
    """The answer of an engine that adds none."""
    return AddedColumns(refused=f"{new.load.write.endpoint.engine} gets no columns in this version")


def keeps_no_lease(context: Context, _step: Step) -> Unsupported:
    """Of an engine that is no place for the lease of another one's target."""
    engine = context.lock.name if context.lock is not None else "this engine"
    return Unsupported(f"{engine} keeps no lease for a target elsewhere; name a Postgres as lock_connection")


@value(kw_only=True)
class Backend:
    """One engine.

    lower_source/lower_sink are total over the actions of their side (a test walks the closed union). For Transfer the
    source gives `extract`, the sink gives `load`; the planner of steps puts them together.
    `default_schema`: for tables named without one. `dialect`: sqlglot's name of it. `declared`: '' or why the engine can be
    advised about and not compiled for.
    """

    name: str
    dialect: str
    default_schema: str
    capabilities: Callable[[EngineFacts | None], Capabilities]
    parse_type: Callable[[str], DataType]  # native text -> logical; unknown ones become Kind.OTHER, never an error
    propose_type: Callable[[DataType], str]  # logical -> native text for a new or undeclared target column
    # (source column, target column, source engine, the sink's server) seen from the sink
    carry: Callable[[Column, Column, str, EngineFacts | None], Carry]
    lower_source: Lowering
    lower_sink: Lowering
    digest_expression: Callable[[tuple[MovedColumn, ...], str], str]  # (columns, side) -> canonical row text as SQL
    setup: Callable[[Context], tuple[SetupFile, ...]]
    params: Callable[[Context], tuple[ParamSpec, ...]]
    state_table: Callable[[Context], str]  # for display
    state_commands: Callable[[Context], Mapping[str, str]] = lambda _context: {}  # see docs/adr/0003, "State commands"
    judge_policy: Callable[[Load, Facts, str, str], PolicyVerdict] = lambda *_asked: PolicyVerdict()  # strategy, policy
    replay_files: Callable[[Context], Mapping[str, str]] = lambda _context: {}  # name -> SQL for a DBA of the source
    hazards: Callable[[Load, Facts], tuple[tuple[str, str], ...]] = lambda _load, _facts: ()  # (code, sentence)
    source_hazards: Callable[[Load, Facts], tuple[tuple[str, str], ...]] = lambda _load, _facts: ()
    lower_lease: Lowering = keeps_no_lease  # a step of the lease that it keeps for a target elsewhere
    lease_setup: Callable[[Context], tuple[SetupFile, ...]] = lambda _context: ()
    declared: str = ""
    optional: Callable[[str], str] = lambda native: native  # the type of a column that may be NULL
    new_target: Callable[[NewTable], NewTarget] = makes_no_tables
    # (`columns`: those that are missing, the table as the snapshot has it); the table is of this engine and stays as it is otherwise
    add_columns: Callable[[NewTable, TableStructure], AddedColumns] = adds_no_columns
    natives: tuple[NativeType, ...] = ()  # every type that a catalog can show, for `dponec types`
