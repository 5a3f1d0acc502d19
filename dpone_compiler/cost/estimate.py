"""An estimate: the phases of a way of loading, each a fixed part, a part for every row and a part for every byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    """The estimate of one way (strategy, policy). `rates` None: nobody has measured the sink, so volumes are told and no time."""
    strategy, policy = way
    staged = {"full_refresh": float(workload.rows), "partition_replace": workload.slice}.get(strategy, workload.delta)
    delta = workload.delta if strategy == "partition_replace" else 0.0
    size = staged * workload.width
    terms = tuple(_terms(workload, rates or {}, work, staged, delta))
    rewritten = workload.slice * workload.width if "rewrite" in work.phases else 0.0
    moved = size + delta * _DELTA_BYTES
    held = sum(term.seconds for term in terms if term.phase not in ("open", "move", "prove", "find"))
    return Estimate(
        strategy=strategy,
        policy=policy,
        read=moved,
        moved=moved,
        written=moved + size,
        rewritten=rewritten,
        log=size * work.logged,
        staging=moved + rewritten,
        lock=work.lock,
        lock_seconds=None if rates is None else held if work.lock != "none" else 0.0,
        seconds=None if rates is None else sum(term.seconds for term in terms),
        terms=terms if rates is not None else (),
    )


def _terms(workload: Workload, rates: Rates, work: Work, staged: float, delta: float) -> Iterator[Term]:
    moved = staged + delta
    size = staged * workload.width + delta * _DELTA_BYTES
    swapped = max(1.0, workload.touched * workload.partitions)
    for phase in ("open", "move", "prove", *work.phases):
        rows = {"open": 0.0, "move": moved, "find": delta}.get(phase, staged)
        if phase in work.slices:
            rows = workload.slice
        if phase in work.counted:
            rows = float(workload.partitions) if staged == workload.rows else swapped
        volume = {"open": 0.0, "move": size, "find": delta * _DELTA_BYTES}.get(
            phase, rows * workload.width if phase not in work.counted else 0.0
        )
        yield Term(phase=phase, rows=rows, bytes=volume, seconds=rates.get(phase, Rate()).seconds(rows, volume))
