"""The last statement of a transaction that held the row of the lease prolongs it, on each engine whose transactions do hold it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.session import Session
from dpone_compiler.runtime.holding import Holding


class Ran:
    """A session that notes what it is given."""

    def __init__(self, engine: str) -> None:
        self.engine, self.bodies = engine, []  # type: ignore[var-annotated]

    def run(self, body: str, params: dict[str, str]) -> None:
        self.bodies.append((body, params["fence"]))

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(("engine", "prolongs"), [("postgres", True), ("mssql", True), ("clickhouse", False)])
@pytest.mark.parametrize("side", ["target", "lock"])
def test_a_transaction_prolongs_the_lease_at_its_end(engine: str, prolongs: bool, side: str) -> None:
    """A lease that is kept beside the target has no row in the transaction: its beats reach it all the time."""
    holding = Holding(cast(PlanDoc, SimpleNamespace(limits={"lease_seconds": 3600})), None)
    step = SimpleNamespace(side=side, files={"heartbeat": "steps/beat.sql"})
    bundle = SimpleNamespace(body=lambda path: f"the body of {path}")
    holding.hold(cast(Session, Ran(engine)), cast(StepDoc, step), cast(LoadedBundle, bundle), {"fence": "7"})
    session = Ran(engine)
    holding.prolong(cast(Session, session))
    holding.give_back({})
    assert session.bodies == ([("the body of steps/beat.sql", "7")] if prolongs and side == "target" else [])
