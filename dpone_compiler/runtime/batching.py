"""Batches that adapt: a controller that is told how each batch went and says how large the next one should be.

Rules, as users of dpone know them: a target under pressure halves the batch; a healthy one that keeps up gets half as much more; the
size never leaves its bounds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

HIGH_PRESSURE, LOW_PRESSURE = 0.75, 0.2
_SHRINK, _GROW = 0.5, 1.5
# A batch is healthy when it moves at least this share of itself a second.
_HEALTHY = 0.75


@dataclass(frozen=True, slots=True)
class BatchObservation:
    """One batch: rows that were moved, seconds that it took, and how busy the target was (0 idle .. 1 saturated)."""

    rows: int
    duration_seconds: float
    target_backpressure: float = 0.0

    def __post_init__(self) -> None:
        if self.rows < 0 or not self.duration_seconds >= 0 or not 0 <= self.target_backpressure <= 1:
            raise ValueError(f"no such batch: {self}")


@dataclass(frozen=True, slots=True)
class BatchAdjustment:
    """What follows from an observation. `reason`: backpressure | healthy | steady | bounded."""

    previous_batch_size: int
    next_batch_size: int
    rows_per_second: float
    reason: str

    def to_dict(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


class AdaptiveBatchController:
    """Holds the size of the next batch. Raises ValueError when the bounds are no bounds (0 < min <= initial <= max)."""

    def __init__(self, *, initial_batch_size: int, min_batch_size: int, max_batch_size: int) -> None:
        if not 0 < min_batch_size <= initial_batch_size <= max_batch_size:
            raise ValueError(
                f"0 < min {min_batch_size} <= initial {initial_batch_size} <= max {max_batch_size} does not hold"
            )
        self.batch_size = initial_batch_size
        self._min, self._max = min_batch_size, max_batch_size

    def observe(self, observation: BatchObservation) -> BatchAdjustment:
        """Take in how a batch went; `batch_size` is the next one's from now on."""
        before = self.batch_size
        speed = observation.rows / observation.duration_seconds if observation.duration_seconds else float("inf")
        wanted, reason = before, "steady"
        if observation.target_backpressure >= HIGH_PRESSURE:
            wanted, reason = int(before * _SHRINK), "backpressure"
        elif observation.target_backpressure <= LOW_PRESSURE and observation.rows and speed >= before * _HEALTHY:
            wanted, reason = int(before * _GROW), "healthy"
        self.batch_size = min(max(wanted, self._min), self._max)
        if self.batch_size == before and reason != "steady":
            reason = "bounded"
        return BatchAdjustment(before, self.batch_size, speed, reason)
