"""The model: one table of two rows, one state row with a fencing token, locks until commit, statements that see what is committed.

A script is a tuple of statements. `explore` runs two scripts in every order that the locks allow and gives each end once, with the
number of orders that lead to it. It is READ COMMITTED unless a session took a snapshot: a statement sees what is committed when it
begins and its own writes; a row that another session is deleting is waited for, and is gone afterwards, as Postgres does it
(https://www.postgresql.org/docs/18/transaction-iso.html#XACT-READ-COMMITTED).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

Row = tuple[str, str]  # partition, and who wrote it
Statement = tuple[str, str]  # verb, argument
Script = tuple[Statement, ...]
OLD: tuple[Row, ...] = (("p1", "old"), ("p2", "old"))
PARTITIONS = ("p1", "p2")
SWITCH = "switch"
"""How a table is emptied by a server that refuses readers with an older snapshot; any other way shows them no row."""


class Session(NamedTuple):
    """`at`: the next statement. `seen`: rows that a statement found, `deleted` and `inserted`: its transaction's own changes.

    `counts`: what a reader was told: for each read, how many rows, and of how many versions. `over`: refused or deadlocked.
    """

    at: int = 0
    token: int = 0
    seen: tuple[Row, ...] = ()
    snapshot: tuple[Row, ...] | None = None
    deleted: tuple[Row, ...] = ()
    inserted: tuple[Row, ...] = ()
    truncates: str = ""
    staged: bool = True
    counts: tuple[tuple[int, int], ...] = ()
    over: bool = False


class World(NamedTuple):
    """What is committed, who holds which lock, and both sessions. `moved`: partitions of staging that are in the target."""

    rows: tuple[Row, ...] = OLD
    token: int = 1
    committed_by: str = "old"
    truncated: str = ""
    moved: tuple[str, ...] = ()
    locks: tuple[tuple[str, int], ...] = ()
    sessions: tuple[Session, Session] = (Session(token=1), Session(token=2))


class End(NamedTuple):
    """A world in which nobody can go on. `stuck`: somebody waits for ever."""

    world: World
    stuck: bool = False


Ends = tuple[tuple[End, int], ...]


@cache
def explore(first: Script, second: Script) -> Ends:
    """Every end of the two scripts, with the number of orders that lead to it."""
    return _from(World(), (first, second))


@cache
def _from(world: World, scripts: tuple[Script, Script]) -> Ends:
    ends: dict[End, int] = {}
    moved = False
    for who in (0, 1):
        for after in _next(world, scripts, who):
            moved = True
            for end, orders in _from(after, scripts):
                ends[end] = ends.get(end, 0) + orders
    if moved:
        return tuple(ends.items())
    waiting = any(not s.over and s.at < len(script) for s, script in zip(world.sessions, scripts, strict=True))
    return ((End(world, waiting), 1),)


def _next(world: World, scripts: tuple[Script, Script], who: int) -> Iterator[World]:
    session = world.sessions[who]
    if session.over or session.at >= len(scripts[who]):
        return
    after = _do(world, who, *scripts[who][session.at])
    if after is not None:
        yield after


def _do(world: World, who: int, verb: str, argument: str) -> World | None:
    """The world after one statement; None while it must wait."""
    return _VERBS[verb](world, who, argument)


def _lock(world: World, who: int, name: str) -> World | None:
    return _held(world, who, name) if dict(world.locks).get(name) in (None, who) else None


def _take(world: World, who: int, argument: str) -> World | None:
    """The lease of a run that lost it; its transaction may hold the row. `rest`: nothing is left to do when that run has committed."""
    if dict(world.locks).get("state") == 1 - who:
        return None
    over = argument == "rest" and world.committed_by == "AB"[1 - who]
    return _with(world._replace(token=world.sessions[who].token), who, over=over)


def _fence(world: World, who: int, _argument: str) -> World | None:
    if dict(world.locks).get("state") == 1 - who:
        return None
    return _held(world, who, "state") if world.token == world.sessions[who].token else _refused(world, who)


def _renew(world: World, who: int, _argument: str) -> World:
    """A lease in another database: asked for and not held while the target changes."""
    return _with(world, who) if world.token == world.sessions[who].token else _refused(world, who)


def _drop_staging(world: World, who: int, _argument: str) -> World:
    return _with(_with(world, who), 1 - who, staged=False, still=True)


def _see(world: World, who: int, _argument: str) -> World:
    if not world.sessions[who].staged:
        return _refused(world, who)
    return _with(world, who, seen=_visible(world, world.sessions[who]))


def _delete(world: World, who: int, _argument: str) -> World | None:
    session, other = world.sessions[who], world.sessions[1 - who]
    if any(row in other.deleted for row in session.seen):
        return None
    gone = tuple(row for row in session.seen if row in world.rows)
    return _with(world, who, deleted=session.deleted + gone, seen=())


def _truncate(world: World, who: int, how: str) -> World:
    return _with(world, who, deleted=world.rows, truncates=how or "whole")


def _insert(world: World, who: int, _argument: str) -> World:
    if not world.sessions[who].staged:
        return _refused(world, who)
    return _with(world, who, inserted=tuple((name, "AB"[who]) for name in PARTITIONS))


def _move(world: World, who: int, partition: str) -> World:
    """From staging into the target at once: what is moved is gone from staging, so that nobody moves it again."""
    if not world.sessions[who].staged:
        return _refused(world, who)
    if partition in world.moved:
        return _with(world, who)
    rows = _bag((*world.rows, (partition, "AB"[who])))
    return _with(world._replace(rows=rows, moved=(*world.moved, partition)), who)


def _replace(world: World, who: int, partition: str) -> World:
    """One partition or `all`, at once and for good, from staging that must still be there."""
    if not world.sessions[who].staged:
        return _refused(world, who)
    kept = tuple(row for row in world.rows if partition not in (row[0], "all"))
    new = tuple((name, "AB"[who]) for name in PARTITIONS if partition in (name, "all"))
    return _with(world._replace(rows=_bag(kept + new)), who)


def _drop(world: World, who: int, partition: str) -> World:
    """A partition that the run emptied; no staging is asked for, so what came there from a newer run goes too."""
    other = "AB"[1 - who]
    late = world.committed_by == other
    rows = tuple(row for row in world.rows if not (late and row == (partition, other)))
    return _with(world._replace(rows=rows), who)


def _state(world: World, who: int, _argument: str) -> World:
    """ClickHouse: a state row of its own, refused when a newer token is there."""
    if world.token > world.sessions[who].token:
        return _refused(world, who)
    return _with(world._replace(committed_by="AB"[who]), who)


def _snapshot(world: World, who: int, _argument: str) -> World:
    return _with(world, who, snapshot=world.rows)


def _read(world: World, who: int, _argument: str) -> World:
    session = world.sessions[who]
    older = world.truncated if session.snapshot is not None else ""
    if older == SWITCH:
        return _refused(world, who)
    rows = () if older else _visible(world, session)
    return _with(world, who, counts=(*session.counts, (len(rows), len({by for _, by in rows}))))


def _visible(world: World, session: Session) -> tuple[Row, ...]:
    return world.rows if session.snapshot is None else session.snapshot


def _with(world: World, who: int, *, still: bool = False, **changes: Any) -> World:
    """The session with these changes, one statement further unless `still`."""
    session = world.sessions[who]
    changed = session._replace(at=session.at + (not still), **changes)
    pair = (changed, world.sessions[1]) if who == 0 else (world.sessions[0], changed)
    return world._replace(sessions=pair)


def _held(world: World, who: int, name: str) -> World:
    return _with(world._replace(locks=tuple(sorted({*world.locks, (name, who)}))), who)


def _released(world: World, who: int) -> World:
    return world._replace(locks=tuple((name, holder) for name, holder in world.locks if holder != who))


def _refused(world: World, who: int) -> World:
    """The transaction is rolled back and the session goes no further."""
    return _with(_released(world, who), who, over=True, deleted=(), inserted=(), seen=())


def _apply(world: World, who: int, _argument: str) -> World:
    """What the session did is seen by all; no transaction held it back."""
    session = world.sessions[who]
    rows = list(world.rows)
    for row in session.deleted:
        if row in rows:
            rows.remove(row)
    changed = world._replace(rows=_bag((*rows, *session.inserted)), truncated=world.truncated or session.truncates)
    return _with(changed, who, deleted=(), inserted=(), truncates="")


def _commit(world: World, who: int, argument: str) -> World:
    return _released(_apply(world, who, argument)._replace(committed_by="AB"[who]), who)


def _bag(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(sorted(rows))


_VERBS: dict[str, Callable[[World, int, str], World | None]] = {
    "lock": _lock, "take": _take, "fence": _fence, "drop_staging": _drop_staging, "drop": _drop, "see": _see, "delete": _delete,
    "truncate": _truncate, "insert": _insert, "replace": _replace, "state": _state, "commit": _commit,
    "snapshot": _snapshot, "read": _read, "renew": _renew, "apply": _apply, "move": _move, "version": _replace,
}  # fmt: skip
