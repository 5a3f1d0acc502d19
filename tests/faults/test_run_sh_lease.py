"""The lease of run.sh: prolonged for as long as the script lives, through long transfers too, and never by a dead or stopped one."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import PG_MERGE
from tests.faults.conftest import new_postgres_lab
from tests.faults.lab import PASSWORD, Lab
from tests.faults.scripts import begun, start
from tests.faults.trap import Trap, marker
from tests.faults.zygote import Zygote

LEASE = 2
LONG = 3 * LEASE  # seconds: a lease that nobody prolongs is over long before
_LEFT = "SELECT extract(epoch FROM lease_until - clock_timestamp()) FROM dwh.dponec_state WHERE lease_owner IS NOT NULL"


@pytest.fixture
def lab(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> Lab:
    """A loaded target with changes to carry. A rival waits for nobody's lock for more than a second."""
    made = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel, lease=LEASE, lock_timeout=1)
    made.ready()
    made.change()
    return made


def _left(lab: Lab) -> float | None:
    """Seconds until the lease ends; None when nobody holds it."""
    with psycopg.connect(lab.target.url, autocommit=True) as session:
        found = session.execute(_LEFT).fetchone()
    return float(found[0]) if found else None


def _in(script: subprocess.Popen[str], home: Path, unit: str) -> None:
    while unit not in begun(home):
        assert script.poll() is None, f"it ended before {unit}"
        time.sleep(0.001)


def _ended(script: subprocess.Popen[str], code: int) -> str:
    told = script.communicate(timeout=60)[1]
    assert script.returncode == code, told
    assert PASSWORD not in told
    return told


def test_a_transfer_that_is_longer_than_the_lease(lab: Lab) -> None:
    """Its transaction holds the row of the lease, so no beat can prolong it: a rival that waits finds it prolonged all the same."""
    with Trap(lab.port("source"), marker("transfer-rows", "extract")) as trap:
        script = start(lab, lab.machine("slow"), lab.through("source", trap))
        assert trap.fired.wait(30)
        until, codes = time.monotonic() + LONG, set[int]()
        while time.monotonic() < until:
            codes.add(lab.run(cwd=lab.machine("rival")).code)
        rival = lab.start(cwd=lab.machine("rival"))
        time.sleep(0.5)  # it waits for the row, and gets it when the transfer commits
        trap.release()
        codes.add(rival.wait().code)
        _ended(script, 0)
    assert codes == {4}, "another run may hold the lease, and nothing was changed by the rival"
    lab.check()


def test_a_script_that_is_slow_between_its_steps(lab: Lab) -> None:
    home = lab.machine("slow")
    script = start(lab, home)
    _in(script, home, "prove")
    os.kill(script.pid, signal.SIGSTOP)  # the script alone, as a machine does that swaps
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        left = _left(lab)
        assert left is not None and left > 0, "the lease ran out"
        time.sleep(0.05)
    assert lab.run(cwd=lab.machine("rival")).code == 4
    os.kill(script.pid, signal.SIGCONT)
    _ended(script, 0)
    lab.check()


def test_a_script_whose_lease_ran_out_changes_nothing(lab: Lab) -> None:
    """All of it is stopped, its beat too; another run takes over and ends well, and then the first one wakes up."""
    home = lab.machine("zombie")
    script = start(lab, home)
    _in(script, home, "open-attempt")
    os.killpg(script.pid, signal.SIGSTOP)
    deadline = time.monotonic() + 30
    while lab.run(cwd=lab.machine("rival")).code != 0:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    lab.check()
    before = lab.target.rows(), lab.target.state()
    os.killpg(script.pid, signal.SIGCONT)
    told = _ended(script, 5)
    assert "DP410" in told and f"next: {lab.bundle / 'run.sh'}" in told
    assert (lab.target.rows(), lab.target.state()) == before
    lab.check()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_prolongs_the_lease_of_a_script_that_is_gone(lab: Lab, sent: signal.Signals) -> None:
    with Trap(lab.port("source"), marker("transfer-rows", "extract")) as trap:
        home = lab.machine("gone")
        script = start(lab, home, lab.through("source", trap))
        assert trap.fired.wait(30)
        os.kill(script.pid, sent)
        script.wait(30)
        time.sleep(LEASE + 0.5)
        left = _left(lab)
        assert left is None or left < 0
    lab.settle()
    lab.done()
    lab.check()
