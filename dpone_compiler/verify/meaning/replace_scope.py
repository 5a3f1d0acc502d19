"""replace: after the load the part of the target that the scope names holds exactly the source's rows of that scope.

The scope is typed (`portable_scope`: one column of the target, a value or a range), and read and delete are one object, so what is read
is what is replaced. Rows for which the scope is unknown, NULL in its column, are not in it: they are neither read nor deleted. Rows
outside stay as they are. An empty scope is refused, or the target's rows stay (`empty_slice: keep`), or go (`clear`). The
watermark is not moved. Plans are made for `fail` and `clear`; `keep` is refused by code (DP230), since its delete and its proof would
have to ask first whether anything was staged, and a scope that holds what the source does not is no replaced one.
"""

from __future__ import annotations

from dataclasses import replace as with_

from dpone_compiler.verify.meaning.asked import Asked, Rows, Source, State, meaning
from dpone_compiler.verify.meaning.gates import not_empty, staged


@meaning
def replace_scope(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """Rows in the scope give way to the source's rows in it.

    The scope is day >= 3. NULL is not known to be in it:

    >>> target, state = table('''
    ... id  day
    ... 1   2
    ... 2   3
    ... 3   NULL
    ... '''), State(known=True)
    >>> source = Source(rows=table('''
    ... id  day
    ... 1   1
    ... 4   5
    ... '''))
    >>> def scope(row):
    ...     return None if row["day"] is None else row["day"] >= 3
    >>> show(replace_scope(target, source, state, Asked(scope=scope)))
    id  day
    1   2
    3   NULL
    4   5

    Nothing of the source is in the scope:

    >>> none = Source(rows=table('''
    ... id  day
    ... 1   1
    ... '''))
    >>> show(replace_scope(target, none, state, Asked(scope=scope)))
    refused: empty_source (the source gave no row)
    >>> show(replace_scope(target, none, state, Asked(scope=scope, empty_slice="clear")))
    id  day
    1   2
    3   NULL
    """
    selected = (row for row in source.rows if asked.where(row) is True)
    rows = staged((row for row in selected if asked.scope(asked.carry(row)) is True), asked)
    not_empty(rows, asked)
    after = with_(state, known=True)
    if not rows and asked.empty_slice == "keep":
        return target, after
    return tuple(row for row in target if asked.scope(row) is not True) + rows, after
