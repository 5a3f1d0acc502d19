"""What every strategy shares: the window, the gates between staging and the target, and the guard of deletions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dpone_compiler.source.value import value
from dpone_compiler.verify.meaning.asked import Asked, Cursor, RefusalError, Row, Rows, Source, State, Value


@value
class Window:
    """`[low, high)` of the cursor; `low` None: from the beginning. Without a cursor the window is the whole source."""

    cursor: Cursor | None
    low: Value = None
    high: Value = None

    def holds(self, row: Row) -> bool:
        """Whether the row is read in this run. NULL lies in no window, and in every one with nulls: always_read."""
        if self.cursor is None:
            return True
        at = row[self.cursor.column]
        if at is None:
            return self.cursor.nulls == "always_read"
        return bool((self.low is None or self.low <= at) and at < self.high)

    def moves(self, state: State) -> State:
        """The state after this window: the watermark is its end, and never falls."""
        return replace(state, known=True, watermark=state.watermark if self.cursor is None else self.high)


def frozen_window(source: Source, state: State, asked: Asked) -> Window:
    """The window of this run, fixed before anything is read.

    It begins where the last one ended (earlier by `lookback`) and ends at the horizon (earlier by `lag`): a row that can
    still be committed belongs to a later window. A tie at the watermark is read once: below `high` or not.
    """
    cursor = asked.cursor
    if cursor is None:
        return Window(None)
    if cursor.nulls == "fail" and any(row[cursor.column] is None for row in source.rows if asked.where(row) is True):
        raise RefusalError("null_cursor", f"rows have NULL in {cursor.column}, and no window would ever read them")
    high = source.horizon if cursor.lag is None else source.horizon - cursor.lag
    if state.watermark is None:
        return Window(cursor, None, high)
    low = state.watermark if cursor.lookback is None else state.watermark - cursor.lookback
    return Window(cursor, low, max(high, state.watermark))


def staged(rows: Iterable[Row], asked: Asked) -> Rows:
    """The target's rows of these source rows, after the gates: no NULL in the key, no key twice."""
    found = [(row, asked.carry(row)) for row in rows]
    if asked.key:
        if asked.null_keys == "skip":
            found = [(row, made) for row, made in found if key_of(made, asked) is not None]
        if asked.duplicates == "latest":
            found = _latest(found, asked)
        if any(key_of(made, asked) is None for _, made in found):
            raise RefusalError("null_key", "a NULL key matches nothing, so each load would add the row again")
        if len(keys_of((made for _, made in found), asked)) < len(found):
            raise RefusalError("duplicate_key", "which of two rows with one key wins would be chance")
    return tuple(made for _, made in found)


def _latest(found: list[tuple[Row, Row]], asked: Asked) -> list[tuple[Row, Row]]:
    """Of each key the rows with the greatest cursor; a tie leaves two, which the next gate refuses."""
    assert asked.cursor is not None, "duplicates: latest needs a cursor"
    column = asked.cursor.column

    def newer(one: Row, than: Row) -> bool:
        return one[column] is not None and (than[column] is None or one[column] > than[column])

    return [
        (row, made)
        for row, made in found
        if not any(newer(other, row) for other, theirs in found if _key(theirs, asked) == _key(made, asked))
    ]


def key_of(row: Row, asked: Asked) -> tuple[Value, ...] | None:
    """The key of a target row; None when any part is NULL, for then it is equal to no other."""
    parts = _key(row, asked)
    return None if None in parts else parts


def _key(row: Row, asked: Asked) -> tuple[Value, ...]:
    return tuple(row[name] for name in asked.key)


def keys_of(rows: Iterable[Row], asked: Asked) -> set[tuple[Value, ...]]:
    """The keys of rows, without those that are NULL."""
    return {key for row in rows if (key := key_of(row, asked)) is not None}


def not_empty(rows: Rows, asked: Asked) -> None:
    """empty_slice: fail. An empty source is more often a mistake than a fact."""
    if not rows and asked.empty_slice == "fail":
        raise RefusalError("empty_source", "the source gave no row")


def guard_deletes(deleted: int, before: int, asked: Asked) -> None:
    """max_delete_rows and max_delete_ratio (of the rows that the load could delete) stop a run before it deletes anything."""
    if asked.max_delete_rows is not None and deleted > asked.max_delete_rows:
        raise RefusalError("too_many_deletes", f"{deleted} rows would go, {asked.max_delete_rows} are allowed")
    if asked.max_delete_ratio is not None and before and deleted / before > asked.max_delete_ratio:
        raise RefusalError("too_many_deletes", f"{deleted} of {before} rows would go")
