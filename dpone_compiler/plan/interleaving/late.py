"""A transaction of the source that commits late, against the window of a run.

Five events: a transaction begins and commits; a run chooses its window, reads, and moves the watermark; a next run follows.
"""

from __future__ import annotations

from functools import cache


@cache
def late_writer(windowed: bool, horizon: bool, captured: bool = False) -> tuple[int, bool]:
    """(orders, whether a row is lost). The clock stands at 2 when the window is chosen.

    The row's timestamp is that of its transaction's begin, and of what is `captured` the place of its commit in the log.
    """
    orders, lost = 0, False
    for begin in range(4):
        for commit in range(begin, 4):  # the writer's two events, each before the run's event of that number
            orders += 1
            lost = lost or not _arrives(begin, commit, windowed, horizon, captured)
    return orders, lost


@cache
def late_number() -> tuple[int, bool]:
    """(orders, whether a row is lost) of a cursor that is a number: a transaction takes it, touches the table, and commits.

    The window is chosen when every transaction that has touched the table has ended.
    """
    orders, lost = 0, False
    for take in range(4):
        for touch in range(4):
            for commit in range(max(take, touch), 4):
                orders += 1
                waited_for = touch <= 0 < commit
                lost = lost or not (waited_for or _arrives(take, commit, windowed=True, horizon=False, captured=False))
    return orders, lost


def _arrives(begin: int, commit: int, windowed: bool, horizon: bool, captured: bool) -> bool:
    """The run's events: 0 chooses the window, 1 reads, 2 moves the watermark. The next run reads after all of them."""
    if not windowed:
        return True
    is_open = begin <= 0 < commit
    # What happens after the choice has a timestamp, or a place, behind the window.
    stamp = 1 if (commit if captured else begin) <= 0 else 3
    high = 1 if horizon and is_open else 2
    read_now = commit <= 1 and stamp < high
    read_next = stamp >= high
    return read_now or read_next
