"""What a failed run says of itself is true: wherever it fails, the state row shows a phase that it named, and its command goes on."""

from __future__ import annotations

from typing import Any

from dpone_compiler.runtime.connections.session import EngineError
from tests.engines.loads.hooks import When
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on


def _failing(point: str) -> When:
    def fail() -> None:
        raise EngineError("XX000", "the test says so")

    return When(point, fail)


def _told(outcome: Any, phase: str) -> list[dict[str, str]]:
    """The states that name this phase."""
    states = outcome.details["what_now"]
    assert all(state["state"] and state["next"].startswith("dponec ") for state in states), outcome
    return [state for state in states if f" {phase}" in state["tell"].partition("says phase")[2]]


@on("pg18", "chdb")
def test_the_state_row_shows_a_phase_that_was_named(world: World) -> None:
    world.orders()
    world.insert(*(order(i, "v1", f"2026-0{i}-01") for i in range(1, 4)))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}).run()
    doc = world.opened().doc
    after = next(at for at, step in enumerate(doc.steps) if step.kind == "open_attempt")
    points = [(step.id, f"before:{step.id}") for step in doc.steps[after:]]
    points += [(name, f"after-commit:{name}") for name in dict.fromkeys(s.transaction for s in doc.steps) if name]
    for number, (name, point) in enumerate(points):
        world.source("UPDATE orders SET note = %s, at = clock_timestamp() WHERE id = 1", [(f"v{number}",)])
        hook = _failing(point)
        outcome = world.outcome(faults=hook)
        if not hook.landed:  # a step that is skipped here, and so cannot fail
            assert outcome.exit_code == 0, (name, outcome)
            continue
        assert outcome.exit_code != 0, (name, outcome)
        phase = world.state("show")["phase"]
        assert _told(outcome, phase), (point, phase, outcome.details)
        world.run()
        world.same(world.source_rows())
