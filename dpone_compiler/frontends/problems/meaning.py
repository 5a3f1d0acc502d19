"""Problems of a load as a whole, whichever front end built it, DP040 to DP099."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem, Severity


class KeyNeeded(Problem):
    """A strategy that finds rows by key has no key.

    Without `unique_key` there is no way to say which row of the target a new row replaces.

    Example: `strategy: {mode: incremental_merge}`.

    What to do: add `unique_key: [column, …]`: columns that are unique in the source and never NULL.
    """

    mode: str
    code: ClassVar[str] = "DP040"
    template: ClassVar[str] = "mode {mode} needs a unique_key"
    advice: ClassVar[str] = "add unique_key: [column, …] under sink.strategy"


class PartitionNeeded(Problem):
    """`partition_replace` has no partition column.

    The rows to be replaced are those of the partitions read; without a column that would be the whole table.

    Example: `strategy: {mode: partition_replace}`.

    What to do: add `partition: {column: business_date, by: day}`.
    """

    code: ClassVar[str] = "DP041"
    template: ClassVar[str] = "mode partition_replace needs a partition column"
    advice: ClassVar[str] = "add partition: {{column: …, by: day}} under sink.strategy"


class DuplicateLoad(Problem):
    """Two loads have one name.

    A name is the identity of a load: its bundle, its state row and its lock hang on it. Two loads with one name would
    overwrite each other's state.

    Example: a batch whose `process_name` does not contain `{{ src_schema }}`.

    What to do: give each a name of its own.
    """

    name: str
    first: str
    code: ClassVar[str] = "DP042"
    template: ClassVar[str] = "two loads are named {name!r}; the first is at {first}"
    advice: ClassVar[str] = "give each load a name of its own"


class RepeatedColumn(Problem):
    """A column is named twice in one list.

    Two columns of the target with one name cannot be written; a key that repeats a column is a slip.

    Example: `columns: [{name: id}, {name: order_id, as: id}]`.

    What to do: remove one, or rename it with `as`.
    """

    name: str
    where: str
    code: ClassVar[str] = "DP043"
    template: ClassVar[str] = "column {name!r} is named twice in {where}"
    advice: ClassVar[str] = "remove one of the two"


class BackfillNeeded(Problem):
    """Mode `backfill` has no slices.

    A backfill runs an inner mode over slices of a range. Without the column, the range and the step nobody can say which.

    Example: `strategy: {mode: backfill}`.

    What to do: add `strategy.backfill: {inner_mode: incremental_merge, chunk: {column: day, kind: date, from: 2026-01-01,
    to: 2026-03-01, step: 7 days}}`.
    """

    code: ClassVar[str] = "DP046"
    template: ClassVar[str] = "mode backfill needs sink.strategy.backfill with a chunk"
    advice: ClassVar[str] = "add backfill: {{chunk: {{column: …, kind: date, from: …, to: …, step: 7 days}}}}"


class ScopeNeeded(Problem):
    """Mode `replace` has no typed scope.

    dpone deletes by a text of SQL here; when that text is always true, it empties the table. This compiler takes only a
    typed range, from which it makes both what is read and what is deleted.

    Example: `strategy: {mode: replace, custom_predicate: "1=1"}`.

    What to do: add `source.options.portable_scope: {kind: range, column: day, lower: 2026-01-01, upper: 2026-02-01}`.
    """

    code: ClassVar[str] = "DP044"
    template: ClassVar[str] = "mode replace needs source.options.portable_scope"
    advice: ClassVar[str] = "add portable_scope: {{kind: range, column: …, lower: …, upper: …}} under source.options"


class ColumnNameNeeded(Problem):
    """A computed column has no name.

    Engines invent different names for an expression, so the target's column must be named here.

    Example: `columns: [{sql: "price * amount"}]`.

    What to do: add `as: total`.
    """

    code: ClassVar[str] = "DP045"
    template: ClassVar[str] = "a column needs a name: name for one of the source, as for a computed one"
    advice: ClassVar[str] = "add as: <column of the target>"


class MissingPolicyMisplaced(Problem):
    """A policy for missing keys that the strategy does not know.

    What becomes of keys that the source lacks depends on what the target keeps: snapshot_diff keeps rows, so they are deleted or
    marked; scd2 keeps versions, so the open one is closed. A policy that is not carried out would be a promise that nobody keeps.

    Example: `mode: scd2` with `missing soft_delete`.

    What to do: use one of the policies that the message lists, or the other strategy.
    """

    policy: str
    mode: str
    known: str
    code: ClassVar[str] = "DP049"
    template: ClassVar[str] = "{policy!r} is no policy of {mode} for missing keys"
    advice: ClassVar[str] = "use one of: {known}"


class FeedIncomplete(Problem):
    """The description of captured changes contradicts itself or lacks a part.

    Changes applied in another order than they were made, or with another meaning, give a target that no source ever had.

    Example: `cdc: {mode: change_table}` without `sink.strategy.cdc.operation_column`.

    What to do: for logical replication give `source.options.cdc: {mode: logical_replication, slot: …, publication: …}` (names may
    be left out); for a change table `sink.strategy.cdc: {operation_column: …, sequence_column: …}`; for soft_delete also
    `deleted_column`.
    """

    mode: str
    lacks: str
    code: ClassVar[str] = "DP048"
    template: ClassVar[str] = "captured changes by {mode}: {lacks}"
    advice: ClassVar[str] = "see source.options.cdc and sink.strategy.cdc in `dponec schema`"


class KeyIgnored(Problem):
    """A key of dpone that says which rows or values arrive, and that has no effect here.

    The load would be another one than it was with dpone: rows that it deleted stay, or a bound that it kept is not kept.

    Example: `source: {options: {deletes: {mode: soft_delete}}}`.

    What to do: say the same as the message shows it, or remove the key when it means nothing to this load.
    """

    key: str
    instead: str
    code: ClassVar[str] = "DP051"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "{key} has no effect, and dpone would load other rows or values with it"
    advice: ClassVar[str] = "{instead}"


class KeysUnused(Problem):
    """Keys of dpone that were recorded and have no effect here.

    They say nothing about which rows move (orchestration, labels, evidence folders), so they are kept in the plan
    under `unused` and nothing else is done with them. Hooks are among them: they are not executed.

    Example: `runtime: {profile: small}`.

    What to do: nothing; remove them when nobody else reads them.
    """

    keys: str
    code: ClassVar[str] = "DP050"
    severity: ClassVar[Severity] = Severity.NOTE
    template: ClassVar[str] = "recorded, without effect: {keys}"
    advice: ClassVar[str] = ""
