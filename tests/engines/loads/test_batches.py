"""The runner feeds the controller: what a real sink takes at a time gets smaller when it is slow, and the rows are the same."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler.runtime.connections.session import Chunk
from tests.engines.loads.world import World, on

ROWS = 60_000
FILL = f"""INSERT INTO orders SELECT i, i % 1000, repeat('n', 200), date '2026-01-01' + i % 28, timestamptz '2026-01-01Z'
FROM generate_series(1, {ROWS}) i"""


def _batches(receipt: str) -> dict[str, Any]:
    steps = json.loads(Path(receipt).read_text(encoding="utf-8"))["steps"]
    (found,) = (step["batches"] for step in steps if "batches" in step)
    return dict(found)


@on("chdb")
def test_a_slow_target_gets_smaller_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.orders()
    world.source(FILL)
    world.load("full_refresh", key=["id"])
    session = type(world.opener(world.opened())("dst"))
    take = session.copy_in

    def slowly(self: Any, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        def late() -> Iterable[Chunk]:
            for chunk in chunks:
                time.sleep(chunk.rows * 0.00002)
                yield chunk

        return int(take(self, body, params, late()))

    monkeypatch.setattr(session, "copy_in", slowly)
    outcome = world.run()
    told = _batches(outcome.receipt)
    assert world.count() == ROWS
    assert told["first"] == 10_000
    assert (told["smallest"], told["last"]) == (5_000, 5_000)
    assert told["adjustments"]["backpressure"] >= 1
    assert told["taken_by_target"] > told["waited_for_source"]
