"""The worst that can happen when a run meets another run, a reader or a late writer, over every order of their statements."""

from __future__ import annotations

from functools import cache

from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.plan.feed_actions import ReadChanges
from dpone_compiler.plan.horizon import ends_by, wall_clock
from dpone_compiler.plan.interleaving.late import late_number, late_writer
from dpone_compiler.plan.interleaving.model import OLD, SWITCH, End, Ends, Script, Statement, explore
from dpone_compiler.plan.interleaving.scripts import (
    READS_COMMITTED,
    READS_REPEATABLE,
    adds,
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
    kinds = {type(step.action) for step in steps}
    late = () if NextSlice in kinds else (_late_writer(window, captured=ReadChanges in kinds),)
    return (*_of_target(finalizer(steps)), *late)


@cache
def _of_target(script: Script) -> tuple[Meeting, ...]:
    if not script:
        return ()
    fenced, added = ("fence", "") in script, int(adds(script))
    zombie = explore(script, taking_over(script))
    found = [
        Meeting(
            pair="a run that lost its lease, and the run that took it over",
            orders=_count(zombie),
            worst=worst_of_writers(zombie, newest="B", added=added),
            why=_FENCE if fenced else _same_run(script),
        )
    ]
    if fenced:
        others = explore(script, _other_load(script))
        both = "advisory lock and its table lock let" if ("lock", "table") in script else "advisory lock lets"
        worst = worst_of_writers(others, added=2 * added)
        why = f"the target's {both} one transaction in at a time"
        found.append(Meeting(pair="two loads into this target", orders=_count(others), worst=worst, why=why))
    else:
        host = explore(on_one_host(script), on_one_host(taking_over(script)))
        leased = ("renew", "") in script
        why = "a lease in another database, and a file lock on each host, let" if leased else "a file lock lets"
        pair = "two runs, on one host or on two" if leased else "two runs on one host"
        worst = worst_of_writers(host, newest="B", added=added)
        found.append(Meeting(pair=pair, orders=_count(host), worst=worst, why=f"{why} one run in at a time"))
    for level, reads in (("READ COMMITTED", READS_COMMITTED), ("REPEATABLE READ", READS_REPEATABLE)):
        if fenced or level == "READ COMMITTED":
            seen = explore(script, reads)
            name = f"a run and a reader at {level}" if fenced else "a run and a reader"
            worst = worst_of_reader(seen, added=added)
            found.append(Meeting(pair=name, orders=_count(seen), worst=worst, why=_visible(script, level)))
    return tuple(found)


_FENCE = "its transaction asks for the state row with its token, and the row stays locked until the commit"
_STAGING = (
    "the new owner drops the older run's staging before it changes anything, so the older run's next statement fails"
)
_DROPPED = (
    "the older run's staging is dropped, so it replaces nothing more; but to drop an emptied partition asks for no staging: where that "
    "statement comes late, rows go that a newer run has put there"
)
_MOVED = "both are at one run and share its staging, and a partition that was moved is there no more"
_SHARED = "both are at one run and share its staging until it is dropped, and the target checks no token"


def _same_run(script: Script) -> str:
    verbs = {verb for verb, _ in script}
    if "drop" in verbs:
        return _DROPPED
    return _MOVED if "move" in verbs else _SHARED if "apply" in verbs else _STAGING


def _other_load(script: Script) -> Script:
    """A load of another name: a state row and a token of its own."""
    return tuple(statement for statement in script if statement[0] != "fence")


def _visible(script: Script, level: str) -> str:
    old = _OLD_SNAPSHOTS if level == "REPEATABLE READ" else ()
    return next(why for statement, why in (*old, *_SEEN) if statement in script)


_OLD_SNAPSHOTS: tuple[tuple[Statement, str], ...] = (
    (("truncate", ""), "TRUNCATE does not wait for old snapshots and empties them"),
    (("truncate", SWITCH), "a reader whose snapshot is older is refused (3961): it is told nothing wrong"),
    (("truncate", "swap"), "what is swapped in was filled after an old snapshot, which sees none of its rows"),
)
_SEEN: tuple[tuple[Statement, str], ...] = (
    (("commit", ""), "all statements of the change become visible with one commit"),
    (("apply", ""), "each statement is seen as soon as it is done"),
    (("replace", "all"), "the exchange is one statement"),
    (("move", "p1"), "each partition is moved by one statement"),
    (("version", "p1"), "a reader with FINAL sees the newest version of each key that is there"),
    (("replace", "p1"), "each partition is replaced by one statement"),
)


def worst_of_writers(ends: Ends, newest: str = "", added: int = 0) -> str:
    """Rows doubled, a newer run's rows replaced by an older one's, a mixture, or nothing.

    `newest`: the session whose rows must stand once it has finished; '' when either may be the last one. `added`: how often
    rows come to each partition in the end, where rows are only added.
    """
    if any(end.stuck for end, _ in ends):
        return "both wait for ever"
    told = {_added(end, added) if added else _writers(end, newest) for end, _ in ends}
    return next((each for each in _WORST if each in told), NOTHING)


_WORST = (
    "rows are there twice",
    "an update is lost: a newer run's rows are replaced by an older one's",
    "partitions of two runs side by side",
    "rows are missing",
)


def _added(end: End, times: int) -> str:
    new = len(end.world.rows) - len(OLD)
    wanted = times * len(OLD)
    return _WORST[0] if new > wanted else NOTHING if new == wanted else _WORST[3]


def _writers(end: End, newest: str) -> str:
    rows = end.world.rows
    if len(rows) != len(OLD):
        return _WORST[0 if len(rows) > len(OLD) else 3]
    by = {writer for _, writer in rows}
    finished = newest and not end.world.sessions["AB".index(newest)].over
    if finished and newest not in by:
        return _WORST[1]
    if len(by) > 1:
        return _WORST[2]
    return NOTHING if by == {end.world.committed_by} else _WORST[1]


def worst_of_reader(ends: Ends, added: int = 0) -> str:
    """Fewer rows than the target ever held, rows of two versions in one answer, or nothing. `added`: rows are only added."""
    counts = [count for end, _ in ends for count in end.world.sessions[1].counts]
    fewest, versions = min(rows for rows, _ in counts), max(versions for _, versions in counts)
    if fewest < len(OLD):
        return "no row is seen" if fewest == 0 else "fewer rows than before and after"
    if added:
        half = any(rows not in (len(OLD), 2 * len(OLD)) for rows, _ in counts)
        return "new rows of one partition before those of another" if half else NOTHING
    return "old and new partitions in one answer, each of them whole" if versions > 1 else NOTHING


def _count(ends: Ends) -> int:
    return sum(orders for _, orders in ends)


def _late_writer(window: FreezeWindow | None, *, captured: bool) -> Meeting:
    """`captured`: the changes of a log are read."""
    end = ends_by(window) if window is not None and not captured else ""
    if end == "numbers":
        orders, lost = late_number()
    else:
        orders, lost = late_writer(window is not None, end == "open_transactions", captured)
    if captured:
        why = "changes are read in the order of their commits, and a later commit lies behind the window"
    elif window is None:
        why = "every run reads the whole source"
    else:
        why = _ENDS[end].replace("{lag}", str(window.lag))
        if wall_clock(window):
            why += ", as far as one time zone stamps the rows"
    worst = _LATE[end] if lost else NOTHING
    return Meeting(pair="a run and a transaction of the source that commits late", orders=orders, worst=worst, why=why)


_ENDS = {
    "lag": "the window ends {lag} seconds ago, and nothing but that keeps a commit from coming later",
    "numbers": "a lock waits for every transaction that has touched the table, and for no other",
    "open_transactions": "a window ends before the oldest open transaction begins",
}
_LATE = {
    "lag": "a row that commits after the lag is never read",
    "numbers": "a row whose number was taken before its transaction touched the table is never read",
}
