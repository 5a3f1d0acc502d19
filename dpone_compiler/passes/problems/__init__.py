"""What passes can find wrong with a load: codes DP200 to DP299. Each docstring is the page of its code."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem, Severity


class NoColumnsKnown(Problem):
    """Neither a catalog snapshot nor the manifest says which columns the source has.

    Without columns nothing can be listed, typed or checked, and `SELECT *` would move whatever is there on the day.
    Run `dponec introspect MANIFEST` and commit the snapshot, or give `source.options.columns: [{name, type}]`.
    """

    code: ClassVar[str] = "DP201"
    template: ClassVar[str] = "the columns of {table} are not known"
    advice: ClassVar[str] = "run `dponec introspect` to write a catalog snapshot, or list the columns with their types"
    table: str


class UnknownSourceColumn(Problem):
    """A column that the manifest names is not in the source table.

    A misspelt column would otherwise surface as an engine error in the middle of the night.
    """

    code: ClassVar[str] = "DP202"
    template: ClassVar[str] = "{table} has no column {column!r}"
    advice: ClassVar[str] = "{near}"
    table: str
    column: str
    near: str


class UnknownTargetColumn(Problem):
    """A column would be written that the target table does not have.

    The load would fail after the extraction, or, with a positional insert, put values into other columns. Add the column
    to the target, or leave it out with `source.columns`.
    """

    code: ClassVar[str] = "DP203"
    template: ClassVar[str] = "the target {table} has no column {column!r}"
    advice: ClassVar[str] = "{near}; or list the wanted columns under source.columns"
    table: str
    column: str
    near: str


class KeyNotLoaded(Problem):
    """A key column is not among the columns that are loaded.

    Rows would be matched on a column that never arrives, so every match would fail and every load would duplicate.
    """

    code: ClassVar[str] = "DP204"
    template: ClassVar[str] = "key column {column!r} is not among the loaded columns"
    advice: ClassVar[str] = "{near}"
    column: str
    near: str


class CursorNotComparable(Problem):
    """The cursor's type has no order that both we and the engine agree on.

    Text is ordered by collation, floats have NaN, json has no order: a window over them loses rows at its edges. Use an
    integer, a date or a timestamp.
    """

    code: ClassVar[str] = "DP205"
    template: ClassVar[str] = "column {column!r} of type {type} cannot be a cursor"
    advice: ClassVar[str] = "use an integer, date or timestamp column"
    column: str
    type: str


class TargetColumnNotFed(Problem):
    """The target has a NOT NULL column that the load does not fill.

    Unless the column has a default, the insert will be refused by the engine after the extraction.
    """

    code: ClassVar[str] = "DP206"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "the target's NOT NULL column {column!r} is not filled by this load"
    advice: ClassVar[str] = "it works only if the column has a default; otherwise add it to source.columns"
    column: str


class NotChecked(Problem):
    """There is no catalog snapshot of a table, so the plan rests on what the manifest says.

    Types, nullability, keys and partitions are not proved at compile time; the run's own checks still hold.
    """

    code: ClassVar[str] = "DP209"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "no catalog snapshot of {table} ({side}): columns and types are taken on trust"
    advice: ClassVar[str] = "run `dponec introspect` and commit the snapshot"
    side: str
    table: str


class NullableCursor(Problem):
    """The cursor can be NULL, and nothing says what happens to such rows.

    A row whose cursor is NULL lies in no window, so it would never be loaded. Say `cursor.nulls: fail` (the run stops
    when there is one) or `always_read` (such rows are read by every run), or make the column NOT NULL.
    """

    code: ClassVar[str] = "DP220"
    template: ClassVar[str] = "cursor {column!r} can be NULL"
    advice: ClassVar[str] = "declare `nulls: fail` or `nulls: always_read` under cursor, or make the column NOT NULL"
    column: str


class NoHorizon(Problem):
    """Nothing says how late a row below the window's high end may still be committed.

    Transactions commit in another order than their timestamps or numbers. Without a horizon, a row that commits after the
    window was read is lost for ever. Declare `cursor.lag` (complete only if commits arrive within it), or
    `cursor.assigned_by: database` when the source's own clock or sequence sets the column (the run then asks the source for
    the oldest open transaction, or waits for the table's writers).
    """

    code: ClassVar[str] = "DP221"
    template: ClassVar[str] = "the cursor {column!r} has neither `lag` nor `assigned_by: database`"
    advice: ClassVar[str] = "declare one of them; `lag: 10 minutes` is a common choice"
    column: str


class LookbackOnAppend(Problem):
    """`lookback` reads rows again, and an append would insert them again.

    Use incremental_merge with a key, or hold back the high end with `lag`.
    """

    code: ClassVar[str] = "DP222"
    template: ClassVar[str] = "cursor.lookback cannot be used with incremental_append"
    advice: ClassVar[str] = "use incremental_merge with unique_key, or `lag` instead of `lookback`"


class AlwaysReadOnAppend(Problem):
    """`nulls: always_read` reads the same rows in every run, and an append would insert them in every run."""

    code: ClassVar[str] = "DP223"
    template: ClassVar[str] = "cursor.nulls: always_read cannot be used with incremental_append"
    advice: ClassVar[str] = "use incremental_merge with unique_key, or `nulls: fail`"


class WallClockGoesBack(Problem):
    """The cursor is a timestamp without time zone, and the clock of the source's time zone is set back once a year.

    In the hour that the clock shows twice, the second rows lie below the watermark that the first ones have set: no window would
    ever read them. A merge with a lookback of the shift reads that hour again; with a lag of it the first pass is not passed over.
    """

    code: ClassVar[str] = "DP224"
    template: ClassVar[str] = "cursor {column!r} is a wall clock of zone {zone}, which is set back by {shift} seconds"
    advice: ClassVar[str] = (
        "make it timestamp with time zone, or say cursor.lookback or cursor.lag of at least {shift} seconds"
    )
    column: str
    zone: str
    shift: int


class StrategyRefused(Problem):
    """The asked strategy cannot be used here. It is refused, not replaced: an explicit mode is never changed."""

    code: ClassVar[str] = "DP230"
    template: ClassVar[str] = "{strategy} cannot be used: {reason}"
    advice: ClassVar[str] = "{remedy}"
    strategy: str
    reason: str
    remedy: str


class PolicyRefused(Problem):
    """The asked merge policy cannot be used with this strategy on this sink.

    It is refused, not replaced, since the policy decides what readers see and what is locked. Leave it at `auto`, or take
    one that the message names.
    """

    code: ClassVar[str] = "DP231"
    template: ClassVar[str] = "merge policy {policy!r} cannot be used: {reason}"
    advice: ClassVar[str] = "{remedy}"
    policy: str
    reason: str
    remedy: str


class PartitionNotLoaded(Problem):
    """The partition column is not among the loaded columns.

    Which partitions a run changes follows from its staged rows, so the column has to be staged. Add it to source.columns.
    """

    code: ClassVar[str] = "DP232"
    template: ClassVar[str] = "partition column {column!r} is not among the loaded columns"
    advice: ClassVar[str] = "{near}"
    column: str
    near: str


class TechnicalColumnMissing(Problem):
    """The target lacks a column that the strategy writes itself.

    A soft deletion needs a column that says since when a row is gone; a history needs the time in which a version held, and
    which one is current. They are not made silently, since a table belongs to its owner.

    What to do: add the column as the message says, introspect again, or name the one that you have (sink.options.soft_delete
    or sink.strategy.scd2). A table that holds rows needs values for them first.
    """

    code: ClassVar[str] = "DP233"
    template: ClassVar[str] = "the target {table} has no column {column!r}, which the strategy writes ({role})"
    advice: ClassVar[str] = 'ALTER TABLE {table} ADD COLUMN "{column}" {native}; then run dponec introspect'
    table: str
    column: str
    role: str
    native: str


class TechnicalColumnUnfit(Problem):
    """A column of the target cannot hold what the strategy writes into it.

    The end of a version that has not ended, and the mark of a row that is not gone, are NULL; an instant does not fit into a
    number. A version is dated by its cursor: where valid_from or valid_to holds fewer digits of a second, two versions get one time and
    one of them is lost; a wall clock that is stored as an instant is taken for UTC. Change the column's type, or name another one
    (sink.options.soft_delete or sink.strategy.scd2).
    """

    code: ClassVar[str] = "DP234"
    template: ClassVar[str] = "column {column!r} of the target cannot be used as {role}: {why}"
    advice: ClassVar[str] = "change its type, or name another column"
    column: str
    role: str
    why: str


class TechnicalColumnFed(Problem):
    """A loaded column goes into a column that the strategy writes itself.

    Two writers of one value would overwrite each other: leave the column out of source.columns, load it under another name,
    or name another technical column.
    """

    code: ClassVar[str] = "DP235"
    template: ClassVar[str] = "column {column!r} is loaded, and the strategy writes it as well ({role})"
    advice: ClassVar[str] = "load it under another name, or leave it out of source.columns"
    column: str
    role: str


class SlicesUnfit(Problem):
    """The range of a backfill cannot be cut into slices of its column.

    Slices are half-open and follow one another, and both engines must agree which rows lie in one. So the column is loaded as it
    is, its type is that of `kind`, the ends are values of it, and `step` is given: a count for integers, a duration for times.

    Example: `chunk: {column: day, kind: date, from: 2026-02-01, to: 2026-01-01, step: 7 days}`, which ends before it begins.

    What to do: mend `chunk` as the message says. `to` is not part of the range: the day after the last one.
    """

    code: ClassVar[str] = "DP236"
    template: ClassVar[str] = "the backfill has no slices: {fault}"
    advice: ClassVar[str] = "write chunk: {{column: …, kind: date, from: 2026-01-01, to: 2026-03-01, step: 7 days}}"
    fault: str


class InnerModeRefused(Problem):
    """The inner mode of a backfill needs the whole source.

    A full refresh, a comparison of snapshots or a history takes what it does not read for deleted: loaded slice by slice, each
    slice would take away all the others. Changes of a slot have no slices at all.

    What to do: use one of the modes that the message names, or run the mode itself, without a backfill.
    """

    code: ClassVar[str] = "DP237"
    template: ClassVar[str] = "a backfill cannot run {inner} slice by slice: it needs the whole source"
    advice: ClassVar[str] = "use one of {known}"
    inner: str
    known: str


class TooManySlices(Problem):
    """The range gives more slices than `max_chunks` allows.

    Each slice is a run with its own proof and commit, so thousands of them are more often a slip in `step` than a wish. Every slice
    is written out in a step of the plan, for the reviewer.

    What to do: make `step` larger, or raise `max_chunks`.
    """

    code: ClassVar[str] = "DP238"
    template: ClassVar[str] = "the backfill has {count} slices, and max_chunks is {most}"
    advice: ClassVar[str] = "make step larger, or raise max_chunks"
    count: int
    most: int


class GateDenied(Problem):
    """A policy gate denies this plan. Gates are the team's own rules; the message is theirs."""

    code: ClassVar[str] = "DP240"
    template: ClassVar[str] = "gate {gate}: {reason}"
    advice: ClassVar[str] = "change the manifest, or have the gate changed where the policy is kept"
    gate: str
    reason: str


class GateWarned(Problem):
    """A policy gate warns about this plan.

    Gates are the team's own rules; the message is theirs, and the plan is written all the same.
    """

    code: ClassVar[str] = "DP241"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "gate {gate}: {reason}"
    gate: str
    reason: str


class GateNotAsked(Problem):
    """A gate that would deny could not be asked, because a fact that it needs is not known.

    A gate acts on true alone, so the plan is written; whoever wrote the gate may have thought that it always says something.

    What to do: give the fact (a hint, or a catalog snapshot by `dponec introspect`), or let the gate say what an unknown fact means:
    `when strategy = full_refresh and (not (bytes is set) or bytes > 50 GB)`.
    """

    code: ClassVar[str] = "DP243"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "gate {gate} could not be asked: nobody says {facts}"
    gate: str
    facts: str


class TableHazard(Problem):
    """The source or the target has something that changes what a load means: triggers, incoming foreign keys, row security and the like.

    The plan cannot show what it does, so the reviewer has to know that it is there. plan.md repeats the sentence.
    """

    code: ClassVar[str] = "DP242"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = "{hazard}: {sentence}"
    hazard: str
    sentence: str
