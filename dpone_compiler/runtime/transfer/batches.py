"""Chunks regrouped into batches whose size follows what was measured: a busy target gets smaller ones, an idle one larger ones.

A batch is what the sink takes at once: a statement on SQL Server, a piece of the one stream elsewhere. The target's pressure is the
share of a batch's time that the sink took; the rest was waiting for the source.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dpone_compiler.runtime.batching import AdaptiveBatchController, BatchObservation
from dpone_compiler.runtime.connections.session import Chunk

# Wide rows must not fill the memory: a batch is never larger, whatever the controller says. One chunk always passes.
MOST_BYTES = 4 * 1024 * 1024


class Batches:
    """Feeds a controller with every batch. `plan`: `adaptive_batching` of a decision, sizes in rows."""

    def __init__(self, plan: Mapping[str, Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._controller = AdaptiveBatchController(
            initial_batch_size=plan["initial_batch_size"],
            min_batch_size=plan["min_batch_size"],
            max_batch_size=plan["max_batch_size"],
        )
        self._clock = clock
        self._sizes: list[int] = []
        self._reasons: Counter[str] = Counter()
        self._waited = self._taken = 0.0

    def of(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The same bytes in the same order, in batches."""
        asked = self._clock()
        while (batch := self._gather(chunks)) is not None:
            ready, rows = self._clock(), batch.rows
            yield batch
            del batch  # before the next one is gathered: two at once would be most of what a transfer holds
            taken = self._clock()
            self._observe(rows, ready - asked, taken - ready)
            asked = taken

    def told(self) -> dict[str, Any]:
        """For the journal and the receipt: sizes in rows, seconds, and how often the controller said what; {} when none passed."""
        if not self._sizes:
            return {}
        return {
            "count": len(self._sizes),
            "first": self._sizes[0],
            "last": self._sizes[-1],
            "smallest": min(self._sizes),
            "largest": max(self._sizes),
            "waited_for_source": round(self._waited, 3),
            "taken_by_target": round(self._taken, 3),
            "adjustments": dict(sorted(self._reasons.items())),
        }

    def _gather(self, chunks: Iterator[Chunk]) -> Chunk | None:
        # Grows in place and gives its bytes away; to join parts would be to hold all of them twice.
        gathered = io.BytesIO()
        rows = 0
        while not gathered.tell() or (rows < self._controller.batch_size and gathered.tell() < MOST_BYTES):
            chunk = next(chunks, None)
            if chunk is None:
                break
            gathered.write(chunk.data)
            rows += chunk.rows
        return Chunk(gathered.getvalue(), rows) if gathered.tell() else None

    def _observe(self, rows: int, waited: float, taken: float) -> None:
        total = waited + taken
        pressure = taken / total if total else 0.0
        self._sizes.append(self._controller.batch_size)
        self._reasons[self._controller.observe(BatchObservation(rows, total, pressure)).reason] += 1
        self._waited, self._taken = self._waited + waited, self._taken + taken
