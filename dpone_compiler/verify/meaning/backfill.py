"""backfill: a range is cut into half-open slices, and each slice is the window of an inner load.

Slices are loaded in order. A slice that is done is recorded with its data and never loaded again by the same backfill, so an interrupted
backfill goes on where it stopped, and repeating a finished one changes nothing. The inner strategy is incremental_merge or
incremental_append (the rows of the slice), partition_replace (the partitions of those rows, read whole: a slice may cut a
partition, a load never does), or replace (the slice is the scope). The other strategies need the whole source. Rows with NULL
in the sliced column lie in no slice. The watermark of the load is not moved: what a backfill loads lies behind it, or
is loaded again by the next window.

A slice without rows is refused (`fail`), or passed over (`keep`), or, with replace inside, empties the target's part of it
(`clear`). When a slice is refused, the slices before it stay loaded and recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as with_

from dpone_compiler.verify.meaning.asked import (
    Asked,
    Cursor,
    Loaded,
    Meaning,
    Outcome,
    Refused,
    Row,
    Rows,
    Source,
    State,
    Value,
)
from dpone_compiler.verify.meaning.incremental_append import incremental_append
from dpone_compiler.verify.meaning.incremental_merge import incremental_merge
from dpone_compiler.verify.meaning.partition_replace import partition_replace
from dpone_compiler.verify.meaning.replace_scope import replace_scope

INNER: dict[str, Meaning] = {
    "incremental_append": incremental_append,
    "incremental_merge": incremental_merge,
    "partition_replace": partition_replace,
    "replace": replace_scope,
}
Slice = tuple[Value, Value]


def backfill(inner: str) -> Meaning:
    """The strategy of this inner one: slice after slice, until one is refused.

    Days 1 and 2 are one slice, 3 and 4 the next. The first is done already; row 3 went away at the source:

    >>> target, state = table('''
    ... id  day
    ... 1   1
    ... 3   3
    ... '''), State(known=True, watermark=9, done=((1, 3),))
    >>> source = Source(rows=table('''
    ... id  day
    ... 2   2
    ... 4   4
    ... 6   6
    ... '''))
    >>> asked = Asked(key=("id",), slice_by="day", slices=((1, 3), (3, 5)))
    >>> show(backfill("replace")(target, source, state, asked))
    id  day
    1   1
    4   4
    watermark 9, done ((1, 3), (3, 5))
    >>> show(backfill("incremental_merge")(target, source, state, asked))
    id  day
    1   1
    3   3
    4   4
    watermark 9, done ((1, 3), (3, 5))

    The second of three slices is empty: the first stays loaded, and so it goes on from the second next time.

    >>> three = replace(asked, slices=((1, 3), (7, 9), (3, 5)))
    >>> stopped = backfill("replace")((), source, State(), three)
    >>> show(stopped)
    refused: empty_source (the source gave no row)
    >>> stopped.state.done
    ((1, 3),)
    >>> show(backfill("replace")(stopped.target, source, stopped.state, replace(three, empty_slice="keep")))
    id  day
    2   2
    4   4
    done ((1, 3), (7, 9), (3, 5))
    """
    load = INNER[inner]

    def strategy(target: Rows, source: Source, state: State, asked: Asked) -> Outcome:
        outcome: Outcome = Loaded(target=target, state=state)
        for each in asked.slices:
            if each not in outcome.state.done:
                outcome = _one_slice(load, outcome, source, asked, each)
                if isinstance(outcome, Refused):
                    break
        return outcome

    return strategy


def _one_slice(load: Meaning, before: Outcome, source: Source, asked: Asked, each: Slice) -> Outcome:
    """The inner load of one slice; afterwards the watermark is what it was, and the slice is done."""
    state, inside = before.state, _inside(asked.slice_by, each)
    if load is replace_scope:
        made = load(before.target, source, state, with_(asked, cursor=None, scope=inside))
    else:
        if asked.empty_slice == "fail" and not any(inside(row) and asked.where(row) is True for row in source.rows):
            return Refused(name="empty_source", detail="the source gave no row", target=before.target, state=state)
        window = with_(asked, cursor=Cursor(asked.slice_by, nulls="never_read"))
        low, high = each
        made = load(before.target, with_(source, horizon=high), with_(state, watermark=low), window)
    if isinstance(made, Refused):
        return with_(made, state=state)
    return with_(made, state=with_(made.state, watermark=state.watermark, done=(*state.done, each)))


def _inside(column: str, each: Slice) -> Callable[[Row], bool | None]:
    """Whether a row lies in the slice; unknown when its value is."""
    low, high = each

    def inside(row: Row) -> bool | None:
        return None if row[column] is None else bool(low <= row[column] < high)

    return inside
