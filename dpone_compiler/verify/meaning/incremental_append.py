"""incremental_append: after the load the target also holds the rows of the window, each once.

The window is half-open, so of rows with one cursor value either all are read or none, and the next window begins exactly where
this one ended. A row that commits late, with a value below the watermark, is never read: that is why a window ends at the
horizon, below which nothing can still commit. Changes and deletions of old rows are not seen. `lookback` and
`nulls: always_read` are refused, since they would add rows twice. An empty window is an ordinary run.
"""

from __future__ import annotations

from dpone_compiler.verify.meaning.asked import Asked, Rows, Source, State, meaning
from dpone_compiler.verify.meaning.gates import frozen_window, staged


@meaning
def incremental_append(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """The target and the rows of the window.

    Rows 3 and 4 are tied at 20. A window that ends at 20 reads neither, the next one reads both. Row 9 came late and is lost:

    >>> source = Source(horizon=20, rows=table('''
    ... id  at
    ... 1   5
    ... 2   19
    ... 3   20
    ... 4   20
    ... '''))
    >>> asked = Asked(cursor=Cursor("at"))
    >>> first = incremental_append((), source, State(), asked)
    >>> show(first)
    id  at
    1   5
    2   19
    watermark 20
    >>> later = Source(horizon=30, rows=(*source.rows, *table('''
    ... id  at
    ... 9   7
    ... ''')))
    >>> show(incremental_append(first.target, later, first.state, asked))
    id  at
    1   5
    2   19
    3   20
    4   20
    watermark 30

    With a lag the horizon is held back, and so late rows have time to commit:

    >>> show(incremental_append((), source, State(), Asked(cursor=Cursor("at", lag=10))))
    id  at
    1   5
    watermark 10
    """
    window = frozen_window(source, state, asked)
    new = staged((row for row in source.rows if window.holds(row) and asked.where(row) is True), asked)
    return target + new, window.moves(state)
