"""scd2: the target keeps every version of a key, with the half-open time `[valid_from, valid_to)` in which it held.

The history of a key is a step function of time. A staged row says: from its time on the key is like this, until the next known
step. Its time is its cursor value, or the instant of the run where the load has none. From this follows:

- a row that is like the version before it makes no version (compared are all carried columns but the key and the one that dates it);
- a late row is put where it belongs: it ends the version before it and ends where the next one begins. When it is like the next
  one, the two become one version;
- a second row with the same key and the same time corrects the version of that time; inside one run it is refused;
- the valid_to of a version is the valid_from of the next, so there is neither gap nor overlap. The last version is current and open.

A row that made no version leaves no trace. So a late row that falls between a version and such a row holds until the next version,
though the source went back before it.

A key that is missing from a whole snapshot (a load without a cursor) is closed at the instant of the run (`expire`) or left alone
(`ignore`); when it comes back, a new version begins and the gap stays. A load with a cursor does not see deletions.
Loading a window again changes nothing.
"""

from __future__ import annotations

from dataclasses import replace as with_

from dpone_compiler.verify.meaning.asked import Asked, RefusalError, Row, Rows, Source, State, Value, meaning
from dpone_compiler.verify.meaning.gates import frozen_window, key_of, keys_of, not_empty, staged

Key = tuple[Value, ...]
Steps = dict[Value, Row | None]
"""A history: from each time on, the row that held; None: the key was gone."""


@meaning
def scd2(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """The histories of the staged keys, with the staged rows in them.

    Ann moved at 5 and at 20. The target knows it; now the move at 10 arrives late, and Bob's row is like the one before it:

    >>> target, state = table('''
    ... id   city    valid_from  valid_to  is_current
    ... ann  Paris   5           20        no
    ... ann  Rome    20          NULL      yes
    ... bob  Oslo    5           NULL      yes
    ... '''), State(known=True, watermark=10)
    >>> source = Source(horizon=30, rows=table('''
    ... id   city   at
    ... ann  Berlin 10
    ... bob  Oslo   21
    ... '''))
    >>> asked = Asked(
    ...     key=("id",),
    ...     cursor=Cursor("at"),
    ...     versions=Versions(since="at"),
    ...     carry=lambda row: {"id": row["id"], "city": row["city"]},
    ... )
    >>> once = scd2(target, source, state, asked)
    >>> show(once)
    id   city    valid_from  valid_to  is_current
    ann  Berlin  10          20        no
    ann  Paris   5           10        no
    ann  Rome    20          NULL      yes
    bob  Oslo    5           NULL      yes
    watermark 30
    >>> scd2(once.target, source, state, asked) == once
    True

    A whole snapshot without bob closes his version, and a later one with him opens another:

    >>> whole = Asked(key=("id",))
    >>> gone = scd2(once.target, Source(now=40, rows=table('''
    ... id   city
    ... ann  Rome
    ... ''')), State(known=True), whole)
    >>> back = scd2(gone.target, Source(now=50, rows=table('''
    ... id   city
    ... ann  Rome
    ... bob  Oslo
    ... ''')), gone.state, whole)
    >>> show(back)
    id   city    valid_from  valid_to  is_current
    ann  Berlin  10          20        no
    ann  Paris   5           10        no
    ann  Rome    20          NULL      yes
    bob  Oslo    5           40        no
    bob  Oslo    50          NULL      yes
    """
    window = frozen_window(source, state, asked)
    dated = _dated(source, asked)
    new = staged((row for row in source.rows if window.holds(row) and asked.where(row) is True), dated)
    if asked.cursor is None:
        not_empty(new, asked)
    after = window.moves(state) if asked.cursor else with_(state, known=True)
    if not new and asked.cursor is None and asked.empty_slice == "keep":
        return target, after
    histories = _histories(target, asked)
    for row in new:
        histories.setdefault(_owner(row, asked), {})[row[asked.versions.valid_from]] = row
    if asked.cursor is None and asked.versions.missing == "expire":
        for key in histories.keys() - keys_of(new, asked):
            _close(histories[key], source.now)
    unkeyed = tuple(row for row in target if key_of(row, asked) is None)
    return unkeyed + tuple(row for steps in histories.values() for row in _versions(steps, asked)), after


def _dated(source: Source, asked: Asked) -> Asked:
    """The load whose rows carry their time, and whose key holds it: a key may be staged once for each time."""
    versions = asked.versions

    def carry(row: Row) -> Row:
        at = source.now if versions.since is None else row[versions.since]
        if at is None:
            raise RefusalError("null_time", f"a row has NULL in {versions.since}, which dates its version")
        return {**asked.carry(row), versions.valid_from: at}

    return with_(asked, carry=carry, key=(*asked.key, versions.valid_from))


def _owner(row: Row, asked: Asked) -> Key:
    key = key_of(row, asked)
    assert key is not None, "the gates let no NULL through"
    return key


def _histories(target: Rows, asked: Asked) -> dict[Key, Steps]:
    """What the target knows: each version is a step, and each end that no other version begins at is one to nothing."""
    versions = asked.versions
    found: dict[Key, Steps] = {}
    for row in target:
        if key_of(row, asked) is not None:
            steps = found.setdefault(_owner(row, asked), {})
            steps[row[versions.valid_from]] = row
            if row[versions.valid_to] != versions.open_end:
                steps.setdefault(row[versions.valid_to], None)
    return found


def _close(steps: Steps, now: Value) -> None:
    """The key is gone from `now` on, unless it is gone already."""
    if steps[max(steps)] is not None:
        steps[now] = None


def _versions(steps: Steps, asked: Asked) -> Rows:
    """The rows of a history: steps in order, those left out that change nothing, each ending where the next begins."""
    versions = asked.versions
    kept: list[tuple[Value, Row | None]] = []
    for at in sorted(steps):
        row = steps[at]
        if _content(row, asked) != _content(kept[-1][1] if kept else None, asked):
            kept.append((at, row))
    ends = [at for at, _ in kept[1:]] + [versions.open_end]
    return tuple(
        {
            **row,
            versions.valid_from: at,
            versions.valid_to: end,
            versions.current: end == versions.open_end,
        }
        for (at, row), end in zip(kept, ends, strict=True)
        if row is not None
    )


def _content(row: Row | None, asked: Asked) -> tuple[Value, ...] | None:
    """What makes a version differ from the one before it."""
    if row is None:
        return None
    versions = asked.versions
    apart = {*asked.key, versions.since, versions.valid_from, versions.valid_to, versions.current}
    return tuple(row[name] for name in (versions.compare or sorted(row.keys() - apart)))
