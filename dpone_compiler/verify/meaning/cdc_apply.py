"""cdc_apply: the target holds what the source holds after the changes up to a position of its log.

Changes are applied in the order of their position, each once: those at or below the recorded position are skipped, so a log that
is delivered twice, or read again after a crash, changes nothing. An insert of a key that is there replaces its row, and an
update of one that is not there puts it in. A delete takes the row out, stamps it (`soft`), or is passed over (`ignore`). An update
that changes the key is a delete of the old key and an insert of the new one, and a row that does not satisfy the filter counts as
deleted. A truncate deletes every row, or stops the load (`truncate: fail`). A value that the log does not repeat (`unchanged`: a
large value that the update left alone) is the one of the row before it; where there is no such row the load is refused, since the
value is known to nobody.

A first load copies the snapshot that belongs to a position (the source's `horizon`), where there is one, and applies the log from
there. The position is recorded with the data, and only then confirmed to the source.
"""

from __future__ import annotations

from dataclasses import replace as with_

from dpone_compiler.verify.meaning.asked import Asked, Change, RefusalError, Row, Rows, Source, State, Value, meaning
from dpone_compiler.verify.meaning.gates import key_of

Key = tuple[Value, ...]


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

    A value that nobody knows:

    >>> lost = Change(at=16, op="update", key=(9,), row={"id": 9, "status": "paid"}, unchanged=("note",))
    >>> show(cdc_apply(target, Source(log=(lost,)), state, asked))
    refused: unknown_value (change 16 leaves note unsaid, and the target has no row of its key)
    """
    rows = {key: row for row in target if (key := key_of(row, asked)) is not None}
    unkeyed = tuple(row for row in target if key_of(row, asked) is None)
    position = state.position
    log = [change for change in source.log if position is None or change.at > position]
    if position is None and source.rows:
        log = [Change(at=source.horizon, op="insert", row=row) for row in source.rows]
    for change in sorted(log, key=lambda each: each.at):
        _apply(change, rows, source.now, asked)
        position = change.at
    return unkeyed + tuple(rows.values()), with_(state, known=True, position=position)


def _apply(change: Change, rows: dict[Key, Row], now: Value, asked: Asked) -> None:
    if change.op == "truncate":
        if asked.truncate == "fail":
            raise RefusalError("truncated", f"change {change.at} empties the source")
        for each in tuple(rows):
            _delete(each, rows, now, asked)
        return
    if change.row is None:
        assert change.key is not None, "a delete names its key"
        _delete(change.key, rows, now, asked)
        return
    selected = asked.where(change.row) is True
    made = asked.carry(change.row)
    key = key_of({**dict.fromkeys(asked.key), **made}, asked)
    if key is None:
        raise RefusalError("null_key", f"change {change.at} has NULL in its key")
    before = key if change.key is None else change.key
    if selected:
        made = _completed(change, made, rows.get(before))
        rows[key] = {**made, asked.mark: asked.alive} if asked.deletes == "soft" else made
    for gone in {before, key} - ({key} if selected else set()):
        _delete(gone, rows, now, asked)


def _completed(change: Change, made: Row, old: Row | None) -> Row:
    """The row with the values that the log did not repeat."""
    if not change.unchanged:
        return made
    if old is None:
        unsaid = ", ".join(change.unchanged)
        raise RefusalError(
            "unknown_value", f"change {change.at} leaves {unsaid} unsaid, and the target has no row of its key"
        )
    return {**made, **{name: old[name] for name in change.unchanged}}


def _delete(key: Key, rows: dict[Key, Row], now: Value, asked: Asked) -> None:
    if key not in rows or asked.deletes == "ignore":
        return
    if asked.deletes == "hard":
        del rows[key]
    elif rows[key][asked.mark] == asked.alive:
        rows[key] = {**rows[key], asked.mark: now}
