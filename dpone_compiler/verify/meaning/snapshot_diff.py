"""snapshot_diff: the whole source is compared with the target by key: new rows come in, changed ones change, missing ones are dealt with.

Missing are target rows whose key the snapshot does not have, and so also those that no longer satisfy the filter. `ignore` leaves
them, `hard` deletes them, `soft` stamps them once with the instant of the run; a key that comes back loses its stamp. Rows
whose key is NULL are never compared and never deleted. Rows that are equal in every carried column are not written; whether
a hash or all columns find that out does not matter here.

Hard deletion needs a guard: more missing rows than `max_delete_rows`, or a larger share of the target than `max_delete_ratio`, stop the
run before anything changes, because a broken extract looks like a mass deletion. Rows that are stamped already do not count.
An empty snapshot is refused, or changes nothing (`empty_slice: keep`), or counts as it is (`clear`; the guards still hold).
"""

from __future__ import annotations

from dataclasses import replace as with_

from dpone_compiler.verify.meaning.asked import Asked, Row, Rows, Source, State, Value, meaning
from dpone_compiler.verify.meaning.gates import guard_deletes, key_of, keys_of, not_empty, staged


@meaning
def snapshot_diff(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """Rows of the snapshot, and of the missing ones what the delete policy says.

    Order 1 changed, 2 is missing, 3 is new:

    >>> target, state = table('''
    ... id  status
    ... 1   open
    ... 2   open
    ... '''), State(known=True)
    >>> source = Source(now=50, rows=table('''
    ... id  status
    ... 1   paid
    ... 3   open
    ... '''))
    >>> asked = Asked(key=("id",))
    >>> show(snapshot_diff(target, source, state, asked))
    id  status
    1   paid
    2   open
    3   open
    >>> show(snapshot_diff(target, source, state, replace(asked, deletes="hard", max_delete_ratio=0.5)))
    id  status
    1   paid
    3   open
    >>> show(snapshot_diff(target, source, state, replace(asked, deletes="hard", max_delete_ratio=0.3)))
    refused: too_many_deletes (1 of 2 rows would go)

    A soft deletion stamps order 2 once, and order 4, which is back, loses its stamp:

    >>> marked = table('''
    ... id  status  deleted_at
    ... 1   open    NULL
    ... 2   open    NULL
    ... 4   open    40
    ... ''')
    >>> back = Source(now=50, rows=table('''
    ... id  status
    ... 1   open
    ... 4   open
    ... '''))
    >>> once = snapshot_diff(marked, back, state, replace(asked, deletes="soft"))
    >>> show(once)
    id  status  deleted_at
    1   open    NULL
    2   open    50
    4   open    NULL
    >>> again = snapshot_diff(once.target, replace(back, now=60), once.state, replace(asked, deletes="soft"))
    >>> again == once
    True
    """
    rows = staged((row for row in source.rows if asked.where(row) is True), asked)
    not_empty(rows, asked)
    after = with_(state, known=True)
    if not rows and asked.empty_slice == "keep":
        return target, after
    there = keys_of(rows, asked)
    missing = [row for row in target if key_of(row, asked) is not None and key_of(row, asked) not in there]
    fresh = [row for row in missing if asked.deletes != "soft" or row[asked.mark] is None]
    if asked.deletes != "ignore":
        living = [row for row in target if asked.deletes != "soft" or row[asked.mark] is None]
        guard_deletes(len(fresh), len(living), asked)
    unkeyed = tuple(row for row in target if key_of(row, asked) is None)
    return unkeyed + tuple(_living(row, asked) for row in rows) + _gone(missing, source.now, asked), after


def _living(row: Row, asked: Asked) -> Row:
    return {**row, asked.mark: None} if asked.deletes == "soft" else row


def _gone(missing: list[Row], now: Value, asked: Asked) -> Rows:
    """What stays of the missing rows."""
    if asked.deletes == "hard":
        return ()
    if asked.deletes == "ignore":
        return tuple(missing)
    return tuple({**row, asked.mark: now if row[asked.mark] is None else row[asked.mark]} for row in missing)
