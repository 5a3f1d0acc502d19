"""incremental_merge: after the load the target's row of each staged key is the staged one; other keys are untouched.

It needs a key, and a NULL in it is refused or skipped: NULL is equal to nothing, so the row would be added again by each load.
Target rows whose key is NULL are never touched. A key that is staged twice is refused, or the row with the latest cursor wins
(`staging_duplicates: latest`; a tie is still refused). A key that changes at the source is a new key: the row of the old one
stays, like that of every row that is deleted, unless the source keeps such rows and says so (`tombstone`): then `deletes: hard`
deletes the target's rows of their keys, whatever the filter says of them, `soft` keeps those rows and marks them until the key
is back (with the end of the window, without a cursor with the instant of the run), and `ignore` passes the deleted rows over. A
key that is deleted and alive in one window is refused: which came last, nobody could say. A row that leaves the filter stays
too, unless `on_leave_filter: delete` reads the window without the filter and deletes those keys. A row moves between partitions
like any other value: the old one never survives beside it. Without a cursor the whole source is merged; `lookback` reads late
rows again, which changes nothing when they are there already.

Every merge policy means this: update_insert, delete_insert, shadow_swap, partition_rewrite, lightweight_delete_insert, and
replacing_merge_tree as seen by a query with FINAL.
"""

from __future__ import annotations

from dpone_compiler.verify.meaning.asked import Asked, RefusalError, Row, Rows, Source, State, Value, meaning
from dpone_compiler.verify.meaning.gates import frozen_window, key_of, keys_of, not_empty, staged


@meaning
def incremental_merge(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """Rows of staged keys give way to the staged rows.

    Order 1 changed and moved to another day, 2 left the filter, 3 was deleted, 5 is new. A NULL key matches nothing:

    >>> target, state = table('''
    ... id    status  day
    ... 1     open    mon
    ... 2     open    mon
    ... 3     open    tue
    ... NULL  open    tue
    ... '''), State(known=True, watermark=10)
    >>> source = Source(horizon=20, rows=table('''
    ... id  status     day  at
    ... 1   paid       wed  12
    ... 2   cancelled  mon  13
    ... 5   open       wed  14
    ... '''))
    >>> asked = Asked(
    ...     key=("id",),
    ...     cursor=Cursor("at"),
    ...     where=lambda row: row["status"] != "cancelled",
    ...     carry=lambda row: {name: row[name] for name in ("id", "status", "day")},
    ... )
    >>> show(incremental_merge(target, source, state, asked))
    id    status  day
    NULL  open    tue
    1     paid    wed
    2     open    mon
    3     open    tue
    5     open    wed
    watermark 20
    >>> show(incremental_merge(target, source, state, replace(asked, on_leave_filter="delete")))
    id    status  day
    NULL  open    tue
    1     paid    wed
    3     open    tue
    5     open    wed
    watermark 20

    A source that keeps its deleted rows, with `gone` as the tombstone; order 1 is deleted, and 2 is back:

    >>> target = table('''
    ... id  status  deleted_at
    ... 1   open    NULL
    ... 2   open    7
    ... ''')
    >>> source = Source(horizon=20, rows=table('''
    ... id  status  gone  at
    ... 1   void    1     12
    ... 2   paid    0     13
    ... 4   void    1     14
    ... '''))
    >>> asked = Asked(
    ...     key=("id",),
    ...     cursor=Cursor("at"),
    ...     tombstone=lambda row: row["gone"] == 1,
    ...     carry=lambda row: {name: row[name] for name in ("id", "status")},
    ... )
    >>> show(incremental_merge(target, source, state, replace(asked, deletes="soft")))
    id  status  deleted_at
    1   open    20
    2   paid    NULL
    watermark 20
    >>> plain = tuple({name: row[name] for name in ("id", "status")} for row in target)
    >>> show(incremental_merge(plain, source, state, replace(asked, deletes="hard")))
    id  status
    2   paid
    watermark 20
    >>> show(incremental_merge(plain, source, state, asked))
    id  status
    1   open
    2   paid
    watermark 20
    >>> both = Source(horizon=20, rows=(*source.rows, {"id": 1, "status": "open", "gone": 0, "at": 15}))
    >>> show(incremental_merge(plain, both, state, replace(asked, deletes="hard")))
    refused: duplicate_key (a key is deleted and alive)

    A key that is staged twice:

    >>> twice = Source(horizon=20, rows=table('''
    ... id  status  day  at
    ... 1   paid    wed  12
    ... 1   sent    wed  15
    ... '''))
    >>> asked = Asked(
    ...     key=("id",),
    ...     cursor=Cursor("at"),
    ...     carry=lambda row: {name: row[name] for name in ("id", "status", "day")},
    ... )
    >>> show(incremental_merge((), twice, State(), asked))
    refused: duplicate_key (which of two rows with one key wins would be chance)
    >>> show(incremental_merge((), twice, State(), replace(asked, duplicates="latest")))
    id  status  day
    1   sent    wed
    watermark 20
    """
    window = frozen_window(source, state, asked)
    seen = [row for row in source.rows if window.holds(row)]
    dead = [asked.carry(row) for row in seen if asked.tombstone(row) is True]
    living = [row for row in seen if asked.tombstone(row) is not True]
    new = staged((row for row in living if asked.where(row) is True), asked)
    if asked.cursor is None:
        not_empty(new, asked)
    left = [asked.carry(row) for row in seen if asked.where(row) is not True and asked.on_leave_filter == "delete"]
    gone = set() if asked.deletes == "ignore" else keys_of(dead, asked)
    if gone and keys_of(new, asked) & (gone | keys_of(left, asked)):
        raise RefusalError("duplicate_key", "a key is deleted and alive")
    if asked.deletes == "soft":
        at = source.now if asked.cursor is None else window.high
        target = tuple(_marked(row, at, asked) if key_of(row, asked) in gone else row for row in target)
        new = tuple({**row, asked.mark: None} for row in new)
        gone = set()
    replaced = keys_of(new, asked) | keys_of(left, asked) | gone
    return tuple(row for row in target if key_of(row, asked) not in replaced) + new, window.moves(state)


def _marked(row: Row, at: Value, asked: Asked) -> Row:
    """The row with its mark; one that is there says when it was first seen as deleted."""
    return row if row[asked.mark] is not None else {**row, asked.mark: at}
