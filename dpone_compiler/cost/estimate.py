"""An estimate: the phases of a way of loading, each a fixed part, a part for every row and a part for every byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dpone_compiler.cost.work import Work
from dpone_compiler.cost.workload import Workload
from dpone_compiler.source.value import value
from dpone_compiler.spi.cost import Estimate, Term

# Of the delta that finds the partitions, only the partition column travels.
_DELTA_BYTES = 17


@value(kw_only=True)
class Rate:
    """Seconds: of the phase at all, for each row (or partition), and for each byte."""

    fixed: float = 0.0
    row: float = 0.0
    byte: float = 0.0

    def seconds(self, rows: float, size: float) -> float:
        """Of this much."""
        return self.fixed + self.row * rows + self.byte * size


Rates = Mapping[str, Rate]


def estimate(workload: Workload, rates: Rates | None, way: tuple[str, str], work: Work) -> Estimate:
    """The estimate of one way (strategy, policy). Where nobody has measured a phase of it, volumes are told and no time."""
    strategy, policy = way
    # What reads no window stages every partition's rows; only what compares them first leaves equal partitions alone.
    slice_ = workload.slice if workload.windowed or work.applies == "changes" else float(workload.rows)
    whole = float(workload.rows)
    staged = {"source": whole, "changes": workload.delta, "slices": slice_}.get(work.stages, workload.window)
    delta = workload.window if "find" in work.phases else 0.0
    size = staged * workload.width
    applied = size if work.applies == "staged" else min(size, workload.delta * workload.width)
    terms = tuple(_terms(workload, rates or {}, work, _Rows(staged=staged, delta=delta, slice=slice_)))
    measured = rates is not None and {term.phase for term in terms} <= rates.keys()
    rewritten = {"slices": slice_, "table": float(workload.rows)}.get(work.copies, 0.0) * workload.width
    moved = size + delta * _DELTA_BYTES
    held = sum(term.seconds for term in terms if term.phase not in ("open", "move", "prove", "find"))
    return Estimate(
        strategy=strategy,
        policy=policy,
        read=moved,
        moved=moved,
        written=moved + applied,
        rewritten=rewritten,
        log=(applied + (rewritten if work.copies == "table" else 0.0)) * work.logged,
        staging=moved + rewritten,
        lock=work.lock,
        lock_seconds=None if not measured else held if work.lock != "none" else 0.0,
        seconds=sum(term.seconds for term in terms) if measured else None,
        terms=terms if measured else (),
    )


def repeated(one: Estimate, times: int) -> Estimate:
    """The same way so many times, one after the other: volumes and time add up; staging and a lock are those of one time."""
    return replace(
        one,
        **{name: getattr(one, name) * times for name in ("read", "moved", "written", "rewritten", "log")},
        seconds=None if one.seconds is None else one.seconds * times,
        terms=tuple(
            Term(phase=t.phase, rows=t.rows * times, bytes=t.bytes * times, seconds=t.seconds * times)
            for t in one.terms
        ),
    )


@value(kw_only=True)
class _Rows:
    """Rows that are staged, that find the partitions, and that the touched partitions hold."""

    staged: float
    delta: float
    slice: float


def _terms(workload: Workload, rates: Rates, work: Work, rows_of: _Rows) -> Iterator[Term]:
    staged, delta = rows_of.staged, rows_of.delta
    moved = staged + delta
    size = staged * workload.width + delta * _DELTA_BYTES
    swapped = max(1.0, workload.touched * workload.partitions)
    for phase in ("open", "move", "prove", *work.phases):
        rows = {"open": 0.0, "move": moved, "find": delta}.get(phase, staged)
        if phase in work.slices:
            rows = rows_of.slice
        if phase in work.tables:
            rows = float(workload.rows)
        if phase in work.counted:
            rows = float(workload.partitions) if staged == workload.rows else swapped
        volume = {"open": 0.0, "move": size, "find": delta * _DELTA_BYTES}.get(
            phase, rows * workload.width if phase not in work.counted else 0.0
        )
        yield Term(phase=phase, rows=rows, bytes=volume, seconds=rates.get(phase, Rate()).seconds(rows, volume))
