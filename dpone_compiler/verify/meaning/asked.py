"""The words of the model: rows, the source at the moment of a run, the state, what was asked for, and how a run ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from dpone_compiler.source.value import value

Value = Any
Row = Mapping[str, Value]
Rows = tuple[Row, ...]
Test = Callable[[Row], bool | None]
"""A condition as SQL knows it: True, False or None (unknown). Only True selects a row."""


def everything(_row: Row) -> bool:
    """The condition that every row satisfies."""
    return True


def nothing(_row: Row) -> bool:
    """The condition that no row satisfies."""
    return False


def unchanged(row: Row) -> Row:
    """Source columns as they are."""
    return row


def itself(each: Value) -> Value:
    """A partition for each value of the column."""
    return each


@value
class Cursor:
    """The column that says what is new. Spans (`lag`, `lookback`) are of a kind that can be taken off its values; None: none.

    nulls: fail | always_read | never_read (as a slice of a backfill means it).
    """

    column: str
    lag: Value = None
    lookback: Value = None
    nulls: str = "fail"


@value
class Partition:
    """How the target is cut: `of` gives the partition of a column value, and NULL is a partition only with nulls: own."""

    column: str
    of: Callable[[Value], Value] = itself
    most: int = 64
    nulls: str = "fail"

    def holding(self, row: Row) -> Value:
        """The partition that a target row lies in."""
        value_ = row[self.column]
        return None if value_ is None else self.of(value_)


@value
class Versions:
    """Columns of a history. `since`: the source column that dates a version; None: the instant of the run.

    `compare`: target columns whose change makes a version; None: all but the key and the column that dates it.
    `missing`: expire | ignore. A version that has not ended holds `open_end` in valid_to.
    """

    since: str | None = None
    compare: tuple[str, ...] | None = None
    missing: str = "expire"
    valid_from: str = "valid_from"
    valid_to: str = "valid_to"
    current: str = "is_current"
    open_end: Value = None


@value(kw_only=True)
class Asked:
    """What the manifest says, as far as the meaning depends on it.

    `carry` makes the target's row of a source row. null_keys: fail | skip. duplicates: fail | latest (by cursor).
    on_leave_filter: keep | delete. empty_slice: fail | keep | clear. `tombstone` is true of a source row that is deleted and still
    there. deletes: ignore | soft | hard; `mark` is the column that a soft delete stamps with the run's `now`, and that holds `alive`
    in every other row. truncate: fail | apply. `scope`: the part of the target that `replace` owns. `slices`: half-open ranges
    of `slice_by`.
    """

    key: tuple[str, ...] = ()
    where: Test = everything
    tombstone: Test = nothing
    carry: Callable[[Row], Row] = unchanged
    cursor: Cursor | None = None
    partition: Partition | None = None
    null_keys: str = "fail"
    duplicates: str = "fail"
    on_leave_filter: str = "keep"
    empty_slice: str = "fail"
    deletes: str = "ignore"
    mark: str = "deleted_at"
    alive: Value = None
    truncate: str = "apply"
    max_delete_ratio: float | None = None
    max_delete_rows: int | None = None
    versions: Versions = Versions()
    scope: Test = everything
    slices: tuple[tuple[Value, Value], ...] = ()
    slice_by: str = ""


@value(kw_only=True)
class Change:
    """One change of a log. op: insert | update | delete | truncate; `row` is the row after it, `key` the key before it.

    `unchanged`: columns whose value the log does not repeat (Postgres leaves out a large value that did not change).
    """

    at: Value
    op: str
    row: Row | None = None
    key: tuple[Value, ...] | None = None
    unchanged: tuple[str, ...] = ()


@value(kw_only=True)
class Source:
    """The source when a run begins: rows of its snapshot, and `horizon`, a cursor value below which nothing can still commit.

    `now`: the instant of the run. `log`: its changes, for cdc_apply, in any order and perhaps delivered twice; `horizon` is then
    the position that the snapshot of a first load belongs to.
    """

    rows: Rows = ()
    horizon: Value = None
    now: Value = None
    log: tuple[Change, ...] = ()


@value(kw_only=True)
class State:
    """What the target's state row remembers. `known`: the load has run before, or the target was adopted.

    `position`: of the last change that is applied. `done`: slices that are loaded.
    """

    known: bool = False
    watermark: Value = None
    position: Value = None
    done: tuple[tuple[Value, Value], ...] = ()


@value(kw_only=True)
class Loaded:
    """A load that was carried out."""

    target: Rows
    state: State


@value(kw_only=True)
class Refused:
    """A load that was not: its name, what was found, and target and state as they were."""

    name: str
    detail: str
    target: Rows
    state: State


class RefusalError(Exception):
    """Raised inside a strategy; `meaning` makes a Refused of it."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(name, detail)
        self.name, self.detail = name, detail


Outcome = Loaded | Refused
Meaning = Callable[[Rows, Source, State, Asked], Outcome]
Rule = Callable[[Rows, Source, State, Asked], tuple[Rows, State]]


def meaning(rule: Rule) -> Meaning:
    """A strategy of its rule: a refusal inside leaves everything as it was, and so does a first run on what is not its own."""

    @wraps(rule)
    def strategy(target: Rows, source: Source, state: State, asked: Asked) -> Outcome:
        try:
            if target and not state.known:
                raise RefusalError("target_not_empty", "the first run of a load finds rows that it did not write")
            rows, after = rule(target, source, state, asked)
        except RefusalError as refusal:
            return Refused(name=refusal.name, detail=refusal.detail, target=target, state=state)
        return Loaded(target=rows, state=after)

    return strategy
