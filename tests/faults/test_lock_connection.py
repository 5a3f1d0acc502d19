"""The lease of a ClickHouse target in a Postgres beside it: two hosts, a run that wakes up too late, and a run that dies.

Two hosts are two working folders with lock folders of their own, so that the file lock of one says nothing to the other.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import CH_LEASED, CH_MERGE
from tests.faults.conftest import LabOf, new_clickhouse_lab
from tests.faults.lab import Lab
from tests.faults.points import points_of
from tests.faults.test_kill_matrix import RESUMES, Note
from tests.faults.trap import marker
from tests.faults.zygote import Ended, Zygote
from tests.told import LANDED

_FREE = "SELECT count(*) FROM public.dponec_leases WHERE lease_owner IS NULL"


def _host(lab: Lab, name: str) -> dict[str, str]:
    """The environment of another machine."""
    folder = lab.machine(f"locks-of-{name}")
    return {"XDG_RUNTIME_DIR": str(folder), "TMPDIR": str(folder)}


def _on_another_host(lab: Lab) -> Ended:
    return lab.run(cwd=lab.machine("second"), env=_host(lab, "second"))


def _given_back(lab: Lab) -> bool:
    with psycopg.connect(lab.source_url, autocommit=True) as session:
        return session.execute(_FREE).fetchone() == (1,)


@pytest.mark.parametrize("step", ["transfer-rows", "replace-partitions"])
def test_one_of_two_hosts_works(step: str, ch_labs: LabOf, chdb: object) -> None:
    lab = ch_labs(CH_LEASED)
    lab.ready()
    lab.change()
    load = marker(step, "load", url=True) if step == "transfer-rows" else marker(step, "body")
    held = lab.held("target", load, env=_host(lab, "first"))
    try:
        second = _on_another_host(lab)
    finally:
        first = held.ends()
    assert (second.code, second.outcome["code"], second.outcome["step"]) == (4, "DP413", "take-lease"), str(second)
    assert second.outcome["retryable"]
    assert first.code == 0, str(first)
    assert _given_back(lab)
    lab.check()
    lab.change()
    assert _on_another_host(lab).code == 0
    lab.check()


def test_without_the_lease_the_other_host_runs_too(ch_labs: LabOf, chdb: object) -> None:
    """What the lease prevents: it is not the file lock that stops the other host."""
    lab = ch_labs(CH_MERGE)
    lab.ready()
    lab.change()
    held = lab.held("target", marker("transfer-rows", "load", url=True), env=_host(lab, "first"))
    second = _on_another_host(lab)
    held.ends()
    assert second.outcome["code"] != "DP413", str(second)
    lab.done()
    lab.done()
    lab.check()


@pytest.fixture
def brief(pg_wheel: EmbeddedPostgres, chdb: Engine, zygote: Zygote, tmp_path: Path) -> Lab:
    """A load whose lease lasts two seconds."""
    lab = new_clickhouse_lab(CH_LEASED, zygote, tmp_path, pg_wheel, chdb, lease=2)
    lab.ready()
    lab.change()
    return lab


def test_a_run_that_wakes_up_late_does_not_reach_the_target(brief: Lab) -> None:
    """It stops at the lease, before any statement of the finalizer is sent."""
    zombie = brief.held("target", marker("record-rewrite"), env=_host(brief, "first"))
    zombie.run.signal(signal.SIGSTOP)
    time.sleep(2.5)
    second = _on_another_host(brief)
    assert second.code == 0, str(second)
    after = (brief.target.rows(), brief.target.state())
    zombie.run.signal(signal.SIGCONT)
    ended = zombie.ends()
    assert (ended.code, ended.outcome["code"], ended.outcome["step"]) == (5, "DP410", "renew-lease"), str(ended)
    assert (brief.target.rows(), brief.target.state()) == after
    brief.check()


def test_a_long_run_keeps_its_lease(brief: Lab) -> None:
    held = brief.held("target", marker("transfer-rows", "load", url=True), env=_host(brief, "first"))
    time.sleep(3.5)
    second = _on_another_host(brief)
    assert (second.code, second.outcome["code"]) == (4, "DP413"), str(second)
    assert held.ends().code == 0
    brief.check()


@pytest.mark.parametrize("step", CH_LEASED.steps)
def test_a_run_that_dies_is_finished_elsewhere_at_once(
    step: str, ch_labs: LabOf, chdb: object, record_property: Note
) -> None:
    lab = ch_labs(CH_LEASED)
    lab.ready()
    for number, point in enumerate(points_of(lab, step)):
        lab.change()
        landed = point.kill(lab)
        assert landed, f"no run came by {point.name}"
        record_property(LANDED, f"{lab.case.name}: {landed}")
        lab.settle()
        RESUMES[number % 2](lab)
        lab.check()
        assert _given_back(lab)


def test_no_table_of_leases(pg_wheel: EmbeddedPostgres, chdb: Engine, zygote: Zygote, tmp_path: Path) -> None:
    lab = new_clickhouse_lab(CH_LEASED, zygote, tmp_path, pg_wheel, chdb)
    ended = lab.run()
    assert (ended.code, ended.outcome["code"], ended.outcome["step"]) == (1, "DP416", "take-lease"), str(ended)
    assert "lock_leases.sql" in ended.outcome["message"]
    assert ended.outcome["next"] == f"dponec run {lab.bundle} --apply-setup"
    lab.ready()
