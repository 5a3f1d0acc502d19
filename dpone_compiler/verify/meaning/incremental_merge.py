"""incremental_merge: after the load the target's row of each staged key is the staged one; other keys are untouched.

It needs a key, and a NULL in it is refused or skipped: NULL is equal to nothing, so the row would be added again by each load. Target
rows whose key is NULL are never touched. A key that is staged twice is refused, or the row with the latest cursor wins
(`staging_duplicates: latest`; a tie is still refused). A key that changes at the source is a new key: the row of the old one stays,
like that of every row that is deleted. A row that leaves the filter stays too, unless `on_leave_filter: delete` reads the window
without the filter and deletes those keys. A row moves between partitions like any other value: the old one never survives
beside it. Without a cursor the whole source is merged; `lookback` reads late rows again, which changes nothing when they
are there already.

Every merge policy means this: update_insert, delete_insert, shadow_swap, partition_rewrite, lightweight_delete_insert, and
replacing_merge_tree as seen by a query with FINAL.
"""

from __future__ import annotations

from dpone_compiler.verify.meaning.asked import Asked, Rows, Source, State, meaning
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

    A key that is staged twice:

    >>> twice = Source(horizon=20, rows=table('''
    ... id  status  day  at
    ... 1   paid    wed  12
    ... 1   sent    wed  15
    ... '''))
    >>> show(incremental_merge((), twice, State(), asked))
    refused: duplicate_key (which of two rows with one key wins would be chance)
    >>> show(incremental_merge((), twice, State(), replace(asked, duplicates="latest")))
    id  status  day
    1   sent    wed
    watermark 20
    """
    window = frozen_window(source, state, asked)
    seen = [row for row in source.rows if window.holds(row)]
    new = staged((row for row in seen if asked.where(row) is True), asked)
    if asked.cursor is None:
        not_empty(new, asked)
    left = (
        [asked.carry(row) for row in seen if asked.where(row) is not True] if asked.on_leave_filter == "delete" else []
    )
    replaced = keys_of(new, asked) | keys_of(left, asked)
    return tuple(row for row in target if key_of(row, asked) not in replaced) + new, window.moves(state)
