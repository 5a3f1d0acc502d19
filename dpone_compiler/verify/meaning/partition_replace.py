"""partition_replace: after the load the affected partitions hold exactly the source's rows of those partitions.

Affected are the partitions of the rows in the window, whether they satisfy the filter or not, and, when there is a key, the partitions
in which the target holds those keys now. So a row whose partition value changed does not survive in its old partition, and a partition
that lost all its rows is emptied. Affected partitions are read whole, whatever the window says. A deletion alone does not
make a partition affected; together with any change in its partition it is followed. Without a key moves are not detected.
Without a cursor every partition of source and target is affected.

Only rows of the window are seen to move. A row that moved with a cursor value below the watermark (it is late) or above the end of
the window (it moved while the load ran) may be read with its new partition while its old one is not affected: with a key its old
version is deleted there, and nothing else of that partition changes. Without a key it is there twice until a window holds it.

More partitions than `max_partitions` are refused before anything changes. NULL in the partition column is refused, or
a partition of its own (`nulls: own`).
"""

from __future__ import annotations

from dpone_compiler.verify.meaning.asked import Asked, RefusalError, Rows, Source, State, meaning
from dpone_compiler.verify.meaning.gates import frozen_window, key_of, keys_of, not_empty, staged


@meaning
def partition_replace(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """Affected partitions give way to the source's rows of them.

    Order 1 moved from mon to tue. Order 2 was deleted, and goes with its day; order 4 was deleted too, but nothing touched wed:

    >>> target, state = table('''
    ... id  day
    ... 1   mon
    ... 2   tue
    ... 3   tue
    ... 4   wed
    ... '''), State(known=True, watermark=10)
    >>> source = Source(horizon=20, rows=table('''
    ... id  day  at
    ... 1   tue  12
    ... 3   tue  3
    ... '''))
    >>> asked = Asked(
    ...     key=("id",),
    ...     cursor=Cursor("at"),
    ...     partition=Partition("day"),
    ...     carry=lambda row: {"id": row["id"], "day": row["day"]},
    ... )
    >>> show(partition_replace(target, source, state, asked))
    id  day
    1   tue
    3   tue
    4   wed
    watermark 20

    Order 1 moved after the window was frozen, or was late, and only order 3 is seen. Its version of Monday goes all the same:

    >>> late = Source(horizon=20, rows=table('''
    ... id  day  at
    ... 1   tue  25
    ... 3   tue  12
    ... '''))
    >>> show(partition_replace(target, late, state, asked))
    id  day
    1   tue
    3   tue
    4   wed
    watermark 20

    Without a key nothing says that order 1 was on Monday:

    >>> show(partition_replace(target, source, state, replace(asked, key=())))
    id  day
    1   mon
    1   tue
    3   tue
    4   wed
    watermark 20

    One partition is allowed, and two are affected:

    >>> show(partition_replace(target, source, state, replace(asked, partition=Partition("day", most=1))))
    refused: too_many_partitions (2 partitions are affected, 1 are allowed)
    """
    partition = asked.partition
    assert partition is not None, "it needs a partition column"
    window = frozen_window(source, state, asked)
    seen = [row for row in source.rows if window.holds(row) and (asked.cursor is not None or asked.where(row) is True)]
    delta = [asked.carry(row) for row in seen]
    moved = keys_of(delta, asked) if asked.key else set()
    affected = {partition.holding(row) for row in delta}
    affected |= {partition.holding(row) for row in target if asked.cursor is None or key_of(row, asked) in moved}
    if None in affected and partition.nulls != "own":
        raise RefusalError("null_partition", "affected rows have NULL in the partition column")
    if len(affected) > partition.most:
        raise RefusalError(
            "too_many_partitions", f"{len(affected)} partitions are affected, {partition.most} are allowed"
        )
    selected = (row for row in source.rows if asked.where(row) is True)
    new = staged((row for row in selected if partition.holding(asked.carry(row)) in affected), asked)
    if asked.cursor is None:
        not_empty(new, asked)
    here = keys_of(new, asked) if asked.key else set()
    kept = (row for row in target if partition.holding(row) not in affected and key_of(row, asked) not in here)
    return tuple(kept) + new, window.moves(state)
