"""The size and shape of a load, from its hints and the catalog's statistics; what neither says is assumed, and said."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import HINTED, Load
from dpone_compiler.policy.vocabulary import value_text
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Facts

_CHANGED = 0.10
_PARTITIONS = 12
_TEXT_BYTES, _OTHER_BYTES = 40, 8
_ROW_OVERHEAD = 28  # of a heap tuple; https://www.postgresql.org/docs/current/storage-page-layout.html


@value(kw_only=True)
class Workload:
    """rows and bytes of the whole source; shares of the rows that change, and of the partitions that hold them.

    `windowed`: the load reads what is new alone; otherwise an incremental one reads the whole source each time.
    """

    rows: int
    width: float
    changed: float
    partitions: int
    touched: float
    windowed: bool = True
    assumed: tuple[str, ...] = ()

    @property
    def delta(self) -> float:
        """Rows that change between two loads."""
        return self.rows * self.changed

    @property
    def window(self) -> float:
        """Rows that an incremental load reads."""
        return self.delta if self.windowed else float(self.rows)

    @property
    def slice(self) -> float:
        """Rows of the partitions that hold a changed row."""
        return self.rows * self.touched


def workload_of(load: Load, facts: Facts) -> Workload | None:
    """None when nobody says how many rows there are."""
    source, target = facts.source_table, facts.target_table
    statistics = source.statistics if source is not None else None
    rows = load.hints.rows if load.hints.rows is not None else statistics.rows if statistics is not None else None
    if not rows:
        return None
    assumed = [_told(load, name) for name in HINTED if name in load.origin.told]
    size = load.hints.bytes
    if size is None and statistics is not None and statistics.rows and statistics.bytes:
        size = int(statistics.bytes / statistics.rows * rows)
    if size is None:
        assumed.append(f"{_width(load):.0f} bytes a row, by the types of the columns")
    changed = load.hints.changed
    if changed is None:
        assumed.append(f"{_CHANGED:.0%} of the rows change between two loads")
    listed = len(target.statistics.partitions) if target is not None else 0
    if not listed and load.write.partition is not None:
        assumed.append(f"{_PARTITIONS} partitions")
    share = _CHANGED if changed is None else changed
    partitions = listed or _PARTITIONS
    if load.write.partition is not None:
        assumed.append("the changed rows lie together, in the newest partitions")
    return Workload(
        rows=rows,
        width=size / rows if size is not None else _width(load),
        changed=share,
        partitions=partitions,
        touched=touched_share(share, partitions),
        windowed=load.read.cursor is not None,
        assumed=tuple(assumed),
    )


def touched_share(changed: float, partitions: int) -> float:
    """Share of the partitions that hold the changed rows, when those lie together: whole partitions, one at least."""
    return min(1.0, max(1, -(-changed * partitions // 1)) / partitions) if changed else 0.0


def slice_of(workload: Workload, count: int) -> Workload:
    """One slice of a backfill: all of its rows are loaded."""
    share = 1 / max(count, 1)
    assumed = f"the {count} slices hold the whole source, evenly; volumes and time are those of all of them"
    kept = tuple(each for each in workload.assumed if "change between" not in each)
    return replace(
        workload,
        changed=share,
        touched=touched_share(share, workload.partitions),
        windowed=True,
        assumed=(*kept, assumed),
    )


def _told(load: Load, name: str) -> str:
    """`rows 4_000_000 (receipt)`: what rests on somebody else's word than the manifest's."""
    return f"{name} {value_text(name, getattr(load.hints, name))} ({load.origin.told[name]})"


def _width(load: Load) -> float:
    columns = () if isinstance(load.decisions.columns, Undecided) else load.decisions.columns
    text = (Kind.TEXT, Kind.JSON, Kind.BYTES)
    return _ROW_OVERHEAD + sum(_TEXT_BYTES if each.source.type.kind in text else _OTHER_BYTES for each in columns)
