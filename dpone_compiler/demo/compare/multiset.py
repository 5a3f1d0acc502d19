"""Compares two results as multisets of typed rows: a doubled row counts, the order does not.

Both sides are read at once, a batch each in turn, into one counter of row digests in which equal rows cancel out; so
memory grows with the rows that have not met their equal yet (next to none when both queries have the same ORDER BY),
never with the table. Only when something is left both sides are read again, to name the rows.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

from dpone_compiler.demo.compare.differences import Difference, name_differences
from dpone_compiler.demo.compare.readers import Result, open_query
from dpone_compiler.demo.compare.rows import digest, typed_rows

_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found. `missing` and `extra` count rows of the source and of the target that have no equal."""

    source_rows: int
    target_rows: int
    missing: int
    extra: int
    differences: tuple[Difference, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both sides hold the same rows, each as often."""
        return not self.missing and not self.extra

    def __str__(self) -> str:
        verdict = "yes" if self.equal else "no"
        return f"rows in source: {self.source_rows}, rows in target: {self.target_rows}, content equal: {verdict}"


def compare(
    source_url: str, source_query: str, target_url: str, target_query: str, *, key: tuple[str, ...] = (), limit: int = 5
) -> Comparison:
    """Compare two queries. Columns meet by position; `key` (the first column by default) names rows in differences."""
    sides = ((source_url, source_query), (target_url, target_query))
    with ExitStack() as stack:
        source, target = (stack.enter_context(open_query(*side)) for side in sides)
        left, source_rows, target_rows = _left_over(source, target)
    missing = sum(count for count in left.values() if count > 0)
    extra = -sum(count for count in left.values() if count < 0)
    found: tuple[Difference, ...] = ()
    if left and limit:
        with ExitStack() as stack:
            source, target = (stack.enter_context(open_query(*side)) for side in sides)
            found = name_differences(source, target, left.keys(), key, limit)
    return Comparison(source_rows, target_rows, missing, extra, found)


def _left_over(source: Result, target: Result) -> tuple[Counter[bytes], int, int]:
    rows = typed_rows(source, target)
    left: Counter[bytes] = Counter()
    read = [0, 0]
    while True:
        batches = [list(islice(side, _BATCH)) for side in rows]
        for side, sign in ((0, 1), (1, -1)):
            read[side] += len(batches[side])
            for row in batches[side]:
                name = digest(row)
                count = left[name] + sign
                if count:
                    left[name] = count
                else:
                    del left[name]
        if not any(batches):
            return left, read[0], read[1]
