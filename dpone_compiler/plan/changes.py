"""Captured changes as a staging table: its technical columns, and the feed with its names filled in.

The columns beside those of the load, all of them made on the source: what happened (I insert, U update, D delete, T truncate,
R an initial copy begins: whatever the target holds and the copy does not bring is gone),
the order, whether the row satisfies the filter, which columns the change does not carry (`,2,5,`: places in the load's list, from
0), and the key that the row had before (NULL unless the change moved it).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.interval import Interval
from dpone_compiler.ir.load import ChangeFeed, Load, MovedColumn, ParsedSql
from dpone_compiler.ir.schema import Column

PREFIX = "__dponec_"
OPERATION, ORDER, KEPT, UNCHANGED, LSN = (PREFIX + name for name in ("op", "order", "kept", "unchanged", "lsn"))
REPLICATION = "logical_replication"
_NAME_BYTES = 63  # NAMEDATALEN - 1
# Values of these types are never stored out of line: https://www.postgresql.org/docs/current/storage-toast.html
_WHOLE = (Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.UUID, Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.ENUM)
_BIGINT = DataType(kind=Kind.INT, bits=64)
_TEXT = DataType(kind=Kind.TEXT)


def feed_of(load: Load) -> ChangeFeed:
    """What the manifest says of the feed, names of slot and publication filled in: a slot's may hold a-z, 0-9 and _ only."""
    feed = load.read.feed or ChangeFeed()
    if feed.mode != REPLICATION:
        return feed
    digest = hashlib.sha256(f"{load.name}\0{load.read.endpoint.connection}".encode()).hexdigest()[:8]
    stem = re.sub(r"[^a-z0-9_]", "_", load.name.lower())[: _NAME_BYTES - 16]
    made = f"dponec_{stem}_{digest}"
    return replace(feed, slot=feed.slot or made, publication=feed.publication or made)


def replicates(load: Load) -> bool:
    """Whether the load's changes come from a slot."""
    return feed_of(load).mode == REPLICATION


def wants_whole_rows(load: Load) -> bool:
    """Whether each change of a row in the filter must carry the whole row: where deletes are passed over, a row that left the filter
    stays in the target as it was, and nothing tells it from the others."""
    return replicates(load) and feed_of(load).deletes == "ignore" and load.read.where is not None


def lsn_window() -> Interval:
    """The window of a slot: transactions by where their commit stands in the WAL, as a count of bytes."""
    return Interval(column=LSN, type=_BIGINT)


def old_key(place: int) -> str:
    """The column that holds a key column's value from before the change."""
    return f"{PREFIX}old_{place}"


def technical(name: str) -> bool:
    """Whether a column is one of ours, which no target has."""
    return name.startswith(PREFIX)


def change_columns(
    load: Load, columns: tuple[MovedColumn, ...], order: Column, onto: Callable[[Column], Column]
) -> tuple[MovedColumn, ...]:
    """The columns of the staged changes: the load's, then ours. `order`: the order's type on the source; `onto`: a source column
    as the sink would have it."""

    def made(name: str, source: Column, cast: str = "") -> MovedColumn:
        named = replace(source, name=name)
        return MovedColumn(source=named, target=onto(named), cast=cast)

    text = Column(name="", type=_TEXT, native="text", nullable=False)
    listed = [made(OPERATION, text), made(ORDER, order), made(KEPT, text), made(UNCHANGED, text)]
    if replicates(load):
        keys = {column.target.name: column for column in columns}
        for place, name in enumerate(load.write.key):
            source, target = (
                replace(side, name=old_key(place), nullable=True) for side in (keys[name].source, keys[name].target)
            )
            listed.append(MovedColumn(source=source, target=target, cast=keys[name].cast))
    return (*columns, *listed)


def order_column() -> Column:
    """The order of a slot's changes: a running number in commit order."""
    return Column(name=ORDER, type=_BIGINT, native="bigint", nullable=False)


def incomplete(columns: tuple[MovedColumn, ...]) -> tuple[MovedColumn, ...]:
    """Columns of which a change of a slot may not carry the value: Postgres leaves out a large one that did not change."""
    return tuple(m for m in columns if not technical(m.target.name) and (m.sql or m.source.type.kind not in _WHOLE))


def read_columns(load: Load) -> tuple[str, ...]:
    """Source columns that the load reads: moved, or read by an expression or the filter. In the order of first use."""
    moved = () if isinstance(load.decisions.columns, Undecided) else load.decisions.columns
    names = [name for column in moved for name in of_source(column)]
    return tuple(dict.fromkeys((*names, *filter_columns(load))))


def filter_columns(load: Load) -> tuple[str, ...]:
    """Source columns that the filter reads."""
    return load.read.where.columns if isinstance(load.read.where, ParsedSql) else ()


def of_source(moved: MovedColumn) -> tuple[str, ...]:
    """Source columns that one column of the load is made of."""
    return (moved.source.name,) if moved.sql is None else moved.sql.columns
