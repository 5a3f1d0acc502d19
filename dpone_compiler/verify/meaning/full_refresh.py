"""full_refresh: after the load the target holds exactly the selected rows of the source.

Rows that the source no longer has, or that no longer satisfy the filter, are gone. Nothing can be late, because everything is read
each time; a cursor, if there is one, is not used and the watermark stays. An empty source stops the load unless it is said that
an empty target is right (`empty_slice: clear`). A key is not needed; where there is one it is checked.
"""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.verify.meaning.asked import Asked, Rows, Source, State, meaning
from dpone_compiler.verify.meaning.gates import not_empty, staged


@meaning
def full_refresh(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """The target after it is what was staged, and nothing else.

    Order 2 was cancelled and order 3 is gone from the source:

    >>> target, state = table('''
    ... id  status
    ... 1   open
    ... 2   open
    ... 3   open
    ... '''), State(known=True)
    >>> source = Source(rows=table('''
    ... id  status
    ... 1   paid
    ... 2   cancelled
    ... 4   open
    ... '''))
    >>> asked = Asked(key=("id",), where=lambda row: row["status"] != "cancelled")
    >>> show(full_refresh(target, source, state, asked))
    id  status
    1   paid
    4   open

    An empty source is refused, unless it is said that it may empty the target:

    >>> show(full_refresh(target, Source(), state, Asked()))
    refused: empty_source (the source gave no row)
    >>> show(full_refresh(target, Source(), state, Asked(empty_slice="clear")))
    (no rows)
    """
    rows = staged((row for row in source.rows if asked.where(row) is True), asked)
    not_empty(rows, asked)
    return rows, replace(state, known=True)
