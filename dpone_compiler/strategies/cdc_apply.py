"""cdc_apply: after the load the target is what it was, with the captured changes of the window applied in the order they were made.

Of each key the last change counts. Changes are staged as they came, collapsed on the target into the rows that live and the keys
that are gone, and those two go through the same merge, proof and commit as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dpone_compiler.expr.types import INTEGRAL_CURSOR, TEMPORAL_CURSOR, Kind
from dpone_compiler.ir.decision import Undecided, decided
from dpone_compiler.ir.load import ChangeFeed, Load, MovedColumn
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.plan.actions import Action, CreateStaging, DropStaging, Selection, Staging
from dpone_compiler.plan.changes import (
    change_columns,
    feed_of,
    incomplete,
    lsn_window,
    order_column,
    replicates,
    wants_whole_rows,
)
from dpone_compiler.plan.emptied import create_alone
from dpone_compiler.plan.feed_actions import (
    AdvanceSlot,
    CheckChanges,
    CollapseChanges,
    CreateSlot,
    ExportSnapshot,
    ReadChanges,
)
from dpone_compiler.plan.merging import merge
from dpone_compiler.plan.phases import Shape, close_run, open_run, prove, stage
from dpone_compiler.plan.sequence import STAGED, Sequence
from dpone_compiler.plan.shape import filter_of, finish, shape_of, staging
from dpone_compiler.plan.step import Idempotency, Plan
from dpone_compiler.plan.tombstones import MarkDeleted
from dpone_compiler.spi.columns import source_column
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy, Viable
from dpone_compiler.spi.technical import FLAG

PURE, TRANSACTIONAL, IDEMPOTENT = Idempotency.PURE, Idempotency.TRANSACTIONAL, Idempotency.IDEMPOTENT
_PATH = "source.feed"


def judge(load: Load, setting: Setting) -> Viable | NotViable:
    """It needs a key that every captured change carries, and a source that captures changes."""
    if not load.write.key:
        return NotViable("unique_key_required", "changes are applied by key, so it needs a unique key")
    if load.write.policies.null_keys == "skip":
        return NotViable(
            "not_supported", "a change without a key cannot be skipped: what it changed would stay as it was"
        )
    feed = feed_of(load)
    return _stream(load, setting) if replicates(load) else _change_table(load, setting, feed)


def _change_table(load: Load, setting: Setting, feed: ChangeFeed) -> Viable | NotViable:
    if load.read.cursor is None:
        return NotViable(
            "cursor_required", "a change table is read by windows: give a cursor, such as the sequence column"
        )
    order = source_column(load, setting.facts, setting.source, _order_name(load, feed))
    if order is not None and order.type.kind not in INTEGRAL_CURSOR | TEMPORAL_CURSOR:
        return NotViable(
            "not_supported", f"the sequence {order.name} is {order.type.label()}, which has no order to go by"
        )
    return _target(load, setting, feed)


def _stream(load: Load, setting: Setting) -> Viable | NotViable:
    if not setting.source.capabilities(setting.facts.source_engine).cdc_source:
        return NotViable("not_supported", f"changes of a {setting.source.name} source are not captured by this version")
    engine, table = setting.facts.source_engine, setting.facts.source_table
    level = dict(engine.settings).get("wal_level") if engine is not None else None
    if level not in (None, "logical"):
        return NotViable(
            "not_supported", f"the source writes its WAL at wal_level {level}; logical decoding needs logical"
        )
    children = [name for kind, name in table.structure.hazards if kind == "child_table"] if table is not None else []
    if children:
        why = f"the source shows rows of {children[0]}, which inherits from it, and their changes are captured under that name"
        return NotViable("not_supported", why)
    if table is not None and not isinstance(load.decisions.columns, Undecided):
        refused = _identified(table.structure, [m.source.name for m in _key(load, load.decisions.columns)])
        refused = refused or _whole(load, table.structure, load.decisions.columns)
        if refused is not None:
            return refused
    if not isinstance(load.decisions.columns, Undecided):
        computed = [m.target.name for m in _key(load, load.decisions.columns) if m.sql is not None]
        if computed:
            return NotViable(
                "not_supported",
                f"key column {computed[0]} is computed, and a deleted row has nothing to compute it from",
            )
        generated = [m.source.name for m in load.decisions.columns if m.source.generated]
        if generated:
            return NotViable(
                "not_supported",
                f"column {generated[0]} is generated, and the stream of changes leaves such columns out",
            )
    return _target(load, setting, feed_of(load))


def _identified(source: TableStructure, key: list[str]) -> NotViable | None:
    """Old rows are told by the key, and the source never has two rows of one key, not even within a transaction."""
    known = source.replica_identity
    lacking = [name for name in key if known is not None and name not in known]
    if known is not None and lacking:
        why = f"the replica identity of the source has ({', '.join(known)}) and lacks key column {lacking[0]}"
        return NotViable("replica_identity_required", why)
    if not any(unique and set(unique) <= set(key) for unique in (source.primary_key, *source.unique_keys)):
        why = f"no unique key of the source lies within ({', '.join(key)}), and of two rows with one key the last change would win"
        return NotViable("unique_key_required", why)
    return None


def _whole(load: Load, source: TableStructure, columns: tuple[MovedColumn, ...]) -> NotViable | None:
    """Where no row of the target may answer for a value that a change leaves out, every change carries all of them."""
    known = source.replica_identity
    loose = incomplete(columns) if wants_whole_rows(load) and known is not None else ()
    if not loose or not {column.name for column in source.columns} - set(known or ()):
        return None
    why = (
        f"a row that left the filter stays in the target as it was, and when it returns an update may leave out {loose[0].target.name}: "
        "deletes that are passed over need REPLICA IDENTITY FULL where there is a filter"
    )
    return NotViable("replica_identity_required", why)


def _target(load: Load, setting: Setting, feed: ChangeFeed) -> Viable | NotViable:
    if feed.deletes == "soft_delete":
        if not setting.sink.capabilities(setting.facts.target_engine).transactional:
            return NotViable(
                "not_supported", f"soft_delete updates rows, which {setting.sink.name} does by rewriting them"
            )
        table = setting.facts.target_table
        flag = table.structure.column(feed.deleted_column) if table is not None else None
        if table is not None and (flag is None or flag.type.kind is not Kind.BOOL):
            return NotViable("not_supported", f"the target has no boolean column {feed.deleted_column} for soft_delete")
    return Viable("captured changes carry updates, deletes and truncates, in the order in which they were made")


def finalizer(load: Load, setting: Setting) -> tuple[str, str]:
    """The merge policy says it."""
    return decided(
        load.decisions.merge_policy
    ), "the collapsed changes are merged, so the merge policy is the finalizer"


def steps(load: Load, setting: Setting) -> Plan:
    """Stage the changes, prove and collapse them, delete and merge, prove, commit, and let the slot go on."""
    capabilities = setting.sink.capabilities(setting.facts.target_engine)
    feed, streams = feed_of(load), replicates(load)
    source = setting.facts.source_table
    parted = source is not None and bool(source.structure.partition_key)
    cursor = None if streams or load.read.cursor is None else load.read.cursor.column
    column = source_column(load, setting.facts, setting.source, cursor) if cursor else None
    shape = shape_of(
        load,
        transactional=capabilities.transactional,
        cursor_type=column.type if column else None,
        stages_alone=capabilities.stages_alone,
    )
    if streams:
        shape = replace(shape, interval=lsn_window())
    changes = staging("changes", change_columns(load, shape.columns, _order(load, setting, feed), _onto(setting)))
    flag = _flag(feed, setting)
    rows = staging("rows", (*shape.columns, *flag))
    left = staging("left", shape.named(*load.write.key))
    seq = Sequence()
    apart = shape.transactional and not shape.stages_in_transaction
    open_run(seq, shape, before_window=lambda s: _open_slot(s, load, feed) if streams else None)
    if streams:
        _read(seq, shape, feed, partitioned=parted)
    selection = Selection(
        table=load.read.endpoint.table, columns=changes.columns, where=filter_of(load), interval=shape.interval
    )
    stage(seq, shape, selection, changes)
    for alone in (rows, left) if apart else ():
        create_alone(seq, alone, guard=STAGED)
    prove(seq, shape, rows, collapse=lambda g: _collapse(seq, shape, (changes, rows, left), feed, g), changes=changes)
    policy = decided(load.decisions.merge_policy)
    made = merge(
        seq,
        shape,
        rows,
        left if feed.deletes == "apply" else None,
        policy,
        mark=MarkDeleted(staging=left, key=load.write.key, mark=flag[0].target) if flag else None,
    )
    stagings = (changes, rows, left, *made)
    close_run(seq, shape, *stagings, after_commit=lambda s: _advance(s, shape, feed) if streams else None)
    return finish(load, seq, _notes(load, feed, partitioned=parted) if streams else _orders(load, feed))


def _open_slot(seq: Sequence, load: Load, feed: ChangeFeed) -> None:
    moved = () if isinstance(load.decisions.columns, Undecided) else load.decisions.columns
    seq.add(
        "create-slot",
        CreateSlot(
            feed=feed, table=load.read.endpoint.table, key=tuple(column.source.name for column in _key(load, moved))
        ),
        "make the slot before the first run, and later refuse one that lost changes",
        "from here on the source keeps every change until it is in the target",
        path=_PATH,
    )
    seq.add(
        "export-snapshot",
        ExportSnapshot(feed=feed),
        "first run only: export the snapshot that the initial copy reads",
        "a change is either in the snapshot or after it in the slot, never in both and never in neither",
        idempotency=PURE,
        guard=STAGED,
        path=_PATH,
    )


def _read(seq: Sequence, shape: Shape, feed: ChangeFeed, *, partitioned: bool) -> None:
    load = shape.load
    assert shape.interval is not None
    seq.add(
        "read-changes",
        ReadChanges(
            feed=feed,
            table=load.read.endpoint.table,
            interval=shape.interval,
            key=tuple(column.source.name for column in _key(load, shape.columns)),
            partitioned=partitioned,
        ),
        "peek at the slot up to the window's end, into a temporary table of the source",
        "peeking consumes nothing: a lost read loses nothing",
        idempotency=PURE,
        guard=STAGED,
        path=_PATH,
    )


def _collapse(
    seq: Sequence, shape: Shape, stagings: tuple[Staging, Staging, Staging], feed: ChangeFeed, group: str
) -> None:
    """In one transaction where there is one; elsewhere each table is dropped and made again before it is filled."""
    changes, rows, left = stagings
    key = shape.load.write.key
    seq.add(
        "check-changes",
        CheckChanges(changes=changes, key=key, feed=feed),
        "every change can be applied, and their order has no ties",
        "an unknown operation or an order by chance would give rows that the source never had",
        idempotency=PURE,
        guard=STAGED,
        transaction=group,
        path=_PATH,
    )
    for role, made in (("rows", rows), ("left", left)):
        unit = "" if group else f"clear-{role}"
        if unit:
            seq.add(
                unit,
                DropStaging(staging=made),
                "drop what an interrupted try of this run left",
                "staging is filled from empty or not at all",
                guard=STAGED,
            )
        filling = CollapseChanges(changes=changes, rows=rows, left=left, key=key, feed=feed, into=role)
        kept = "keep the last row of each key that lives" if role == "rows" else "keep the keys that are gone"
        steps: list[tuple[str, Action, str, str]] = [
            (f"create-{role}", CreateStaging(staging=made), f"create the empty staging table ({role})", _PROVED),
            (f"collapse-{role}", filling, kept, "the last change of a key wins, in commit order"),
        ]
        for step_id, action, purpose, why in steps if not group or shape.stages_in_transaction else steps[1:]:
            seq.add(
                step_id,
                action,
                purpose,
                why,
                idempotency=TRANSACTIONAL if group else Idempotency.WITH_UNIT,
                guard=STAGED,
                transaction=group,
                retry_boundary=unit,
                path=_PATH,
            )


_PROVED = "rows are proved in staging before the target is touched"


def _advance(seq: Sequence, shape: Shape, feed: ChangeFeed) -> None:
    assert shape.interval is not None
    seq.add(
        "advance-slot",
        AdvanceSlot(feed=feed, interval=shape.interval),
        "let the slot go on to the committed position",
        "the source may remove WAL only now; a crash before reads the same changes again and skips them",
        idempotency=IDEMPOTENT,
        path=_PATH,
    )


def _notes(load: Load, feed: ChangeFeed, *, partitioned: bool) -> tuple[str, ...]:
    end = load.read.endpoint
    parted = (
        "the source is partitioned, and its stream tells of the table only: rows of a partition that is truncated, dropped or detached "
        "stay in the target, and rows that come with ATTACH never arrive. After such a change begin anew: replay/drop-slot.sql, "
        "dponec state set LOAD '', dponec run. DELETE and INSERT are captured",
    )
    return (
        f"slot {feed.slot} on {end.connection} keeps every WAL segment since the last applied change: while this load does not run, "
        "the source's disk fills. max_slot_wal_keep_size bounds that; a slot beyond it is lost, and the next run is refused (DP440)",
        f"to retire the load, drop the slot on {end.connection} with replay/drop-slot.sql; nothing else lets the WAL go",
        f"publication {feed.publication} must exist before the slot: setup/postgres_publication_source.sql makes it. The first run "
        "uses a second, temporary slot for as long as the initial copy takes",
        "TRUNCATE of the source "
        + ("deletes every row of the target" if feed.truncate == "apply" else "stops the run (truncate: fail)"),
        *(parted if partitioned else ()),
    )


def _orders(load: Load, feed: ChangeFeed) -> tuple[str, ...]:
    """Of a change table whose windows are cut by another column than the one that orders its changes."""
    cut, order = load.read.cursor.column if load.read.cursor is not None else "", _order_name(load, feed)
    if cut == order:
        return ()
    return (
        f"windows are cut by {cut}, and the changes of a key are ordered by {order}: within one window the highest {order} wins, and "
        f"a later window overwrites an earlier one. Right only if no change with a lower {order} has a later {cut}; a cursor of {order} "
        "needs no such promise",
    )


def _key(load: Load, columns: tuple[MovedColumn, ...]) -> tuple[MovedColumn, ...]:
    by_name = {column.target.name: column for column in columns}
    return tuple(by_name[name] for name in load.write.key if name in by_name)


def _order_name(load: Load, feed: ChangeFeed) -> str:
    return feed.sequence or (load.read.cursor.column if load.read.cursor is not None else "")


def _order(load: Load, setting: Setting, feed: ChangeFeed) -> Column:
    if replicates(load):
        return order_column()
    found = source_column(load, setting.facts, setting.source, _order_name(load, feed))
    return found if found is not None else order_column()


def _onto(setting: Setting) -> Callable[[Column], Column]:
    def onto(column: Column) -> Column:
        if setting.source.name == setting.sink.name:
            return column
        native = setting.sink.propose_type(column.type)
        return replace(column, type=setting.sink.parse_type(native), native=native)

    return onto


def _flag(feed: ChangeFeed, setting: Setting) -> tuple[MovedColumn, ...]:
    if feed.deletes != "soft_delete":
        return ()
    table = setting.facts.target_table
    known = table.structure.column(feed.deleted_column) if table is not None else None
    native = setting.sink.propose_type(FLAG)
    proposed = Column(name=feed.deleted_column, type=setting.sink.parse_type(native), native=native)
    column = known if known is not None else proposed
    return (MovedColumn(source=column, target=column),)


STRATEGY = Strategy(name="cdc_apply", needs_key=True, judge=judge, finalizer=finalizer, steps=steps)
