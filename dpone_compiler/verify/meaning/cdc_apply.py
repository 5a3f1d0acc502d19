"""cdc_apply: the target holds what the source holds after the changes up to a position of its log.

Changes are applied in the order of their position, each once: those at or below the recorded position are skipped, so a log that
is delivered twice, or read again after a crash, changes nothing. An insert of a key that is there replaces its row, and an
update of one that is not there puts it in. A delete takes the row out, stamps it (`soft`), or is passed over (`ignore`). An update
that changes the key is a delete of the old key and an insert of the new one, and a row that does not satisfy the filter counts as
deleted. A truncate deletes every row, or stops the load (`truncate: fail`). A value that the log does not repeat (`unchanged`: a
large value that the update left alone) is the one of the row before it, as the log or the target tells it; where neither does, the
load is refused, since the value is known to nobody. A row of the target that is marked tells nothing: what became of it since it was
deleted, or while it was outside of the filter, the load did not see. Where deletes are passed over and there is a filter, any row of the
target may be one of those, so a row in the filter that the log does not repeat as a whole is refused.

A load without a position copies the snapshot that belongs to one (the source's `horizon`), where there is one, and the log is applied
from there. The copy is whole: of what the target holds already, whatever it does not bring counts as deleted. The position is recorded
with the data, and only then confirmed to the source.
"""

from __future__ import annotations

from dataclasses import replace as with_
from typing import Never

from dpone_compiler.source.value import value
from dpone_compiler.verify.meaning.asked import (
    Asked,
    Change,
    RefusalError,
    Row,
    Rows,
    Source,
    State,
    Value,
    everything,
    meaning,
)
from dpone_compiler.verify.meaning.gates import key_of

Key = tuple[Value, ...]


@value
class Unsaid:
    """In the place of a value: change `at` leaves column `name` unsaid, and nobody knows what it is."""

    at: Value
    name: str


@meaning
def cdc_apply(target: Rows, source: Source, state: State, asked: Asked) -> tuple[Rows, State]:
    """The target's rows by key, after one change after the other.

    Change 11 was applied before. Order 1 gets key 4 and keeps its large note; order 2 is deleted; 3 comes and goes:

    >>> target, state = table('''
    ... id  status  note
    ... 1   open    long
    ... 2   open    short
    ... '''), State(known=True, position=11)
    >>> log = (
    ...     Change(at=11, op="delete", key=(1,)),
    ...     Change(at=12, op="insert", row={"id": 3, "status": "new", "note": "x"}),
    ...     Change(at=13, op="update", key=(1,), row={"id": 4, "status": "paid"}, unchanged=("note",)),
    ...     Change(at=14, op="delete", key=(3,)),
    ...     Change(at=15, op="delete", key=(2,)),
    ... )
    >>> asked = Asked(key=("id",), deletes="hard")
    >>> once = cdc_apply(target, Source(log=log), state, asked)
    >>> show(once)
    id  status  note
    4   paid    long
    position 15
    >>> cdc_apply(once.target, Source(log=log + log[2:]), once.state, asked) == once
    True

    Deletions may be passed over:

    >>> show(cdc_apply(target, Source(log=log[4:]), state, replace(asked, deletes="ignore")))
    id  status  note
    1   open    long
    2   open    short
    position 15

    They may also stamp the row:

    >>> soft = replace(asked, deletes="soft", mark="gone", alive=False)
    >>> rows = tuple({**row, "gone": False} for row in target)
    >>> show(cdc_apply(rows, Source(log=log[2:], now=True), state, soft))
    id  status  note   gone
    1   open    long   yes
    2   open    short  yes
    4   paid    long   no
    position 15

    A row that was marked when it left the filter may have changed since, and it comes back without its note:

    >>> back = Change(at=16, op="update", key=(1,), row={"id": 1, "status": "open"}, unchanged=("note",))
    >>> left = ({"id": 1, "status": "open", "note": "long", "gone": True},)
    >>> show(cdc_apply(left, Source(log=(back,), now=True), state, soft))
    refused: unknown_value (change 16 leaves note unsaid, and the row before it is not known)

    Somebody took the position away, so the load begins with a new copy. What became of the rows meanwhile is not in it:

    >>> show(cdc_apply(target, Source(rows=({"id": 2, "status": "sent", "note": "new"},), horizon=20), State(known=True), asked))
    id  status  note
    2   sent    new
    position 20

    A value that nobody knows:

    >>> lost = Change(at=16, op="update", key=(9,), row={"id": 9, "status": "paid"}, unchanged=("note",))
    >>> show(cdc_apply(target, Source(log=(lost,)), state, asked))
    refused: unknown_value (change 16 leaves note unsaid, and the row before it is not known)
    """
    rows = {key: row for row in target if (key := key_of(row, asked)) is not None}
    unkeyed = tuple(row for row in target if key_of(row, asked) is None)
    position = state.position
    log = [change for change in source.log if position is None or change.at > position]
    if position is None and source.horizon is not None:
        position = source.horizon
        log = [Change(at=position, op="insert", row=row) for row in source.rows]
        for key in tuple(rows):
            _delete(key, rows, source.now, asked)
    known = {key: row for key, row in rows.items() if asked.deletes != "soft" or row[asked.mark] == asked.alive}
    for change in sorted(log, key=lambda each: each.at):
        _apply(change, rows, known, source.now, asked)
        position = change.at
    for unsaid in (each for row in rows.values() for each in row.values() if isinstance(each, Unsaid)):
        _refuse(unsaid)
    return unkeyed + tuple(rows.values()), with_(state, known=True, position=position)


def _apply(change: Change, rows: dict[Key, Row], known: dict[Key, Row], now: Value, asked: Asked) -> None:
    """`known`: rows of the source, in the filter or not, as far as their values are known."""
    if change.op == "truncate":
        if asked.truncate == "fail":
            raise RefusalError("truncated", f"change {change.at} empties the source")
        known.clear()
        for each in tuple(rows):
            _delete(each, rows, now, asked)
        return
    if change.row is None:
        assert change.key is not None, "a delete names its key"
        known.pop(change.key, None)
        _delete(change.key, rows, now, asked)
        return
    selected = asked.where(change.row) is True
    made = asked.carry(change.row)
    key = key_of({**dict.fromkeys(asked.key), **made}, asked)
    if key is None:
        raise RefusalError("null_key", f"change {change.at} has NULL in its key")
    before = key if change.key is None else change.key
    old = known.pop(before, {})
    known[key] = made = {**made, **{name: old.get(name, Unsaid(change.at, name)) for name in change.unchanged}}
    if selected:
        if change.unchanged and asked.deletes == "ignore" and asked.where is not everything:
            _refuse(Unsaid(change.at, change.unchanged[0]))
        rows[key] = {**made, asked.mark: asked.alive} if asked.deletes == "soft" else made
    for gone in {before, key} - ({key} if selected else set()):
        _delete(gone, rows, now, asked)


def _refuse(unsaid: Unsaid) -> Never:
    why = f"change {unsaid.at} leaves {unsaid.name} unsaid, and the row before it is not known"
    raise RefusalError("unknown_value", why)


def _delete(key: Key, rows: dict[Key, Row], now: Value, asked: Asked) -> None:
    if key not in rows or asked.deletes == "ignore":
        return
    if asked.deletes == "hard":
        del rows[key]
    elif rows[key][asked.mark] == asked.alive:
        rows[key] = {**rows[key], asked.mark: now}
