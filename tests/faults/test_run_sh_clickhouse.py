"""run.sh dead between two statements that change a target on ClickHouse: what was done is neither done again nor undone."""

from __future__ import annotations

import signal

import pytest

from tests.faults.cases import CH_FULL, CH_HISTORY, CH_MERGE, CH_SNAPSHOT, Case
from tests.faults.conftest import LabOf
from tests.faults.scripts import finished, killed_in, start
from tests.faults.trap import Trap, marker


@pytest.mark.chdb
def test_tables_are_not_exchanged_back(ch_labs: LabOf) -> None:
    lab = ch_labs(CH_FULL)
    lab.ready()
    for unit in ("reconcile", "commit-state"):
        lab.change()
        killed_in(lab, lab.machine(f"in-{unit}"), unit)
        finished(lab, lab.machine(f"after-{unit}"))
        lab.check()


@pytest.mark.chdb
@pytest.mark.parametrize("month", [1, 2, 3])
@pytest.mark.parametrize("case", [CH_SNAPSHOT, CH_HISTORY, CH_MERGE], ids=lambda case: case.name)
def test_the_rewrite_that_was_recorded_is_finished(case: Case, month: int, ch_labs: LabOf) -> None:
    """One partition has been replaced: rows that moved into it from another one are in the target twice, or not at all."""
    lab = ch_labs(case)
    lab.ready()
    lab.change()
    with Trap(lab.port("target"), marker("replace-partitions", "query")) as trap:
        script = start(lab, lab.machine("dies"), lab.through("target", trap))
        assert trap.fired.wait(60)
        script.send_signal(signal.SIGKILL)
        script.wait(10)
    (rewrite,) = (name for name in lab.target.staging() if "rewrite" in name)
    lab.target.execute(f"ALTER TABLE orders REPLACE PARTITION 20260{month} FROM `{rewrite}`")
    finished(lab, lab.machine(f"after-{month}"))
    lab.check()
