"""The worst that can happen when a run meets another run, a reader or a late writer, over every order of their statements."""

from __future__ import annotations

from functools import cache

from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.plan.interleaving.model import OLD, End, Ends, Script, explore
from dpone_compiler.plan.interleaving.scripts import (
    READS_COMMITTED,
    READS_REPEATABLE,
    finalizer,
    on_one_host,
    taking_over,
)
from dpone_compiler.plan.slice_actions import NextSlice
from dpone_compiler.plan.step import Step
from dpone_compiler.source.value import value

NOTHING = "nothing"


@value(kw_only=True)
class Meeting:
    """`orders`: how many interleavings were tried. `worst`: what the worst of them leaves or shows. `why`: what prevents worse."""

    pair: str
    orders: int
    worst: str
    why: str


def meetings(steps: tuple[Step, ...]) -> tuple[Meeting, ...]:
    """What plan.md tells of runs, readers and writers side by side."""
    window = next((step.action for step in steps if isinstance(step.action, FreezeWindow)), None)
    sliced = any(isinstance(step.action, NextSlice) for step in steps)
    return (*_of_target(finalizer(steps)), *(() if sliced else (_late_writer(window),)))


@cache
def _of_target(script: Script) -> tuple[Meeting, ...]:
    if not script:
        return ()
    fenced = ("fence", "") in script
    zombie = explore(script, taking_over(script))
    found = [
        Meeting(
            pair="a run that lost its lease, and the run that took it over",
            orders=_count(zombie),
            worst=worst_of_writers(zombie, newest="B"),
            why=_FENCE if fenced else _STAGING,
        )
    ]
    if fenced:
        others = explore(script, _other_load(script))
        why = "the target's advisory lock and its table lock let one transaction in at a time"
        found.append(
            Meeting(pair="two loads into this target", orders=_count(others), worst=worst_of_writers(others), why=why)
        )
    else:
        host = explore(on_one_host(script), on_one_host(taking_over(script)))
        leased = ("renew", "") in script
        why = "a lease in another database, and a file lock on each host, let" if leased else "a file lock lets"
        pair = "two runs, on one host or on two" if leased else "two runs on one host"
        found.append(
            Meeting(
                pair=pair,
                orders=_count(host),
                worst=worst_of_writers(host, newest="B"),
                why=f"{why} one run in at a time",
            )
        )
    for level, reads in (("READ COMMITTED", READS_COMMITTED), ("REPEATABLE READ", READS_REPEATABLE)):
        if fenced or level == "READ COMMITTED":
            seen = explore(script, reads)
            name = f"a run and a reader at {level}" if fenced else "a run and a reader"
            found.append(Meeting(pair=name, orders=_count(seen), worst=worst_of_reader(seen), why=_visible(script)))
    return tuple(found)


_FENCE = "its transaction asks for the state row with its token, and the row stays locked until the commit"
_STAGING = (
    "the new owner drops the older run's staging before it changes anything, so the older run's next statement fails"
)


def _other_load(script: Script) -> Script:
    """A load of another name: a state row and a token of its own."""
    return tuple(statement for statement in script if statement[0] != "fence")


def _visible(script: Script) -> str:
    if ("truncate", "") in script:
        return "TRUNCATE does not wait for old snapshots and empties them"
    if ("commit", "") in script:
        return "all statements of the change become visible with one commit"
    return (
        "the exchange is one statement"
        if ("replace", "all") in script
        else "each partition is replaced by one statement"
    )


def worst_of_writers(ends: Ends, newest: str = "") -> str:
    """Rows doubled, a newer run's rows replaced by an older one's, a mixture, or nothing.

    `newest`: the session whose rows must stand once it has finished; '' when either may be the last one.
    """
    if any(end.stuck for end, _ in ends):
        return "both wait for ever"
    told = {_writers(end, newest) for end, _ in ends}
    return next((each for each in _WORST if each in told), NOTHING)


_WORST = (
    "rows are there twice",
    "an update is lost: a newer run's rows are replaced by an older one's",
    "partitions of two runs side by side",
)


def _writers(end: End, newest: str) -> str:
    rows = end.world.rows
    if len(rows) != len(OLD):
        return _WORST[0]
    by = {writer for _, writer in rows}
    finished = newest and not end.world.sessions["AB".index(newest)].over
    if finished and newest not in by:
        return _WORST[1]
    if len(by) > 1:
        return _WORST[2]
    return NOTHING if by == {end.world.committed_by} else _WORST[1]


def worst_of_reader(ends: Ends) -> str:
    """Fewer rows than the target ever held, rows of two versions in one answer, or nothing."""
    counts = [count for end, _ in ends for count in end.world.sessions[1].counts]
    fewest, versions = min(rows for rows, _ in counts), max(versions for _, versions in counts)
    if fewest < len(OLD):
        return "no row is seen" if fewest == 0 else "fewer rows than before and after"
    return "old and new partitions in one answer, each of them whole" if versions > 1 else NOTHING


def _count(ends: Ends) -> int:
    return sum(orders for _, orders in ends)


def _late_writer(window: FreezeWindow | None) -> Meeting:
    """Five events: a transaction begins and commits; a run chooses its window, reads, and moves the watermark; a next run follows."""
    orders, lost = late_writer(window is not None, window is not None and window.assigned_by_database)
    pair = "a run and a transaction of the source that commits late"
    if window is None:
        return Meeting(pair=pair, orders=orders, worst=NOTHING, why="every run reads the whole source")
    if not lost:
        return Meeting(
            pair=pair, orders=orders, worst=NOTHING, why="a window ends before the oldest open transaction begins"
        )
    why = f"the window ends {window.lag} seconds ago, and nothing but that keeps a commit from coming later"
    return Meeting(pair=pair, orders=orders, worst="a row that commits after the lag is never read", why=why)


@cache
def late_writer(windowed: bool, horizon: bool) -> tuple[int, bool]:
    """(orders, whether a row is lost). The row's timestamp is that of its transaction's begin, 1; the clock stands at 2."""
    orders, lost = 0, False
    for begin in range(4):
        for commit in range(begin, 4):  # the writer's two events, each before the run's event of that number
            orders += 1
            lost = lost or not _arrives(begin, commit, windowed, horizon)
    return orders, lost


def _arrives(begin: int, commit: int, windowed: bool, horizon: bool) -> bool:
    """The run's events: 0 chooses the window, 1 reads, 2 moves the watermark. The next run reads after all of them."""
    if not windowed:
        return True
    is_open = begin <= 0 < commit
    # A transaction that begins after the choice has a timestamp behind the window.
    stamp = 1 if begin <= 0 else 3
    high = 1 if horizon and is_open else 2
    read_now = commit <= 1 and stamp < high
    read_next = stamp >= high
    return read_now or read_next
