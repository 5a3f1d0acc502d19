"""resync: named partitions hold exactly the source's rows of them again. What is not named stays, and so does the watermark.

It is a repair and no load: the window of the next load is what it would have been. The filter and the gates on keys hold as in a
load, and so does `empty_slice`: a source without any row of the named partitions stops it. A key that is read again is deleted in the
other partitions, where it lay before it moved.

A load that only appends reads no more than it has loaded: rows at the watermark or above it come with the next window. Its rows
never move.
"""

from __future__ import annotations

from collections.abc import Collection

from dpone_compiler.verify.meaning.asked import Asked, Meaning, Row, Rows, Source, State, Value, meaning
from dpone_compiler.verify.meaning.gates import key_of, keys_of, not_empty, staged


def resync(named: Collection[Value], *, loaded: bool = False) -> Meaning:
    """The resync of these partitions; `loaded`: of a load that appends.

    Order 1 moved from tue to mon and nobody saw it; order 2 was deleted; order 3 came by another's hand; wed is not named:

    >>> target, state = table('''
    ... id  day
    ... 1   tue
    ... 2   mon
    ... 3   mon
    ... 4   wed
    ... '''), State(known=True, watermark=10)
    >>> source = Source(rows=table('''
    ... id  day  at
    ... 1   mon  5
    ... 5   wed  5
    ... 6   mon  12
    ... '''))
    >>> asked = Asked(
    ...     key=("id",),
    ...     cursor=Cursor("at"),
    ...     partition=Partition("day"),
    ...     carry=lambda row: {"id": row["id"], "day": row["day"]},
    ... )
    >>> show(resync(["mon"])(target, source, state, asked))
    id  day
    1   mon
    4   wed
    6   mon
    watermark 10

    An append takes order 6 with its next window, and knows no moves:

    >>> show(resync(["mon"], loaded=True)(target, source, state, asked))
    id  day
    1   mon
    1   tue
    4   wed
    watermark 10

    >>> show(resync(["sun"])(target, source, state, asked))
    refused: empty_source (the source gave no row)
    """

    @meaning
    def again(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
        partition = asked.partition
        assert partition is not None, "it needs a partition column"

        def read(row: Row) -> bool:
            alive = asked.where(row) is True and asked.tombstone(row) is not True
            return alive and (not loaded or _below(row, state, asked)) and partition.holding(asked.carry(row)) in named

        new = staged(filter(read, source.rows), asked)
        not_empty(new, asked)
        here = keys_of(new, asked) if asked.key and not loaded else set()
        kept = (row for row in target if partition.holding(row) not in named and key_of(row, asked) not in here)
        return tuple(kept) + new, state

    return again


def _below(row: Row, state: State, asked: Asked) -> bool:
    assert asked.cursor is not None, "nothing else says what is loaded"
    at = row[asked.cursor.column]
    return state.watermark is not None and at is not None and bool(at < state.watermark)
