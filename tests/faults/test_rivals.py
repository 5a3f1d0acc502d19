"""Two runs of one load, a run that wakes up too late, and readers beside a run."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import CH_MERGE, PG_FULL, PG_MERGE
from tests.faults.conftest import LabOf, new_postgres_lab
from tests.faults.lab import Lab
from tests.faults.trap import marker
from tests.faults.zygote import Zygote

_HOLDER = "SELECT pg_terminate_backend(lease_backend) FROM dwh.dponec_state"


def _second_is_refused(lab: Lab, load: bytes) -> None:
    lab.ready()
    lab.change()
    held = lab.held("target", load)
    try:
        second = lab.run(cwd=lab.machine("second"))
    finally:
        first = held.ends()
    assert (second.code, second.outcome["code"], second.outcome["retryable"]) == (4, "DP413", True), str(second)
    assert second.outcome["next"] == f"dponec run {lab.bundle}"
    assert first.code == 0, str(first)
    lab.check()


def test_one_of_two_runs_works_on_postgres(pg_labs: LabOf) -> None:
    _second_is_refused(pg_labs(PG_MERGE), marker("transfer-rows", "load"))


def test_one_of_two_runs_works_on_clickhouse(ch_labs: LabOf, chdb: object) -> None:
    _second_is_refused(ch_labs(CH_MERGE), marker("transfer-rows", "load", url=True))


@pytest.fixture
def brief(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> Lab:
    """A load whose lease lasts two seconds."""
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel, lease=2, lock_timeout=1)
    lab.ready()
    lab.change()
    return lab


@pytest.mark.parametrize("how", ["its lease ran out", "its backend is gone"])
def test_a_run_that_wakes_up_late_changes_nothing(brief: Lab, how: str) -> None:
    zombie = brief.held("source", marker("fingerprint-source"))
    zombie.run.signal(signal.SIGSTOP)
    if how == "its backend is gone":
        brief.target.execute(_HOLDER)
    else:
        time.sleep(2.5)
    brief.done(cwd=brief.machine("second"))
    after = (brief.target.rows(), brief.target.state())
    zombie.run.signal(signal.SIGCONT)
    ended = zombie.ends()
    assert (ended.code, ended.outcome["code"]) == (5, "DP410"), str(ended)
    assert (brief.target.rows(), brief.target.state()) == after
    brief.check()


class _Reader(threading.Thread):
    """Counts the target's rows in a loop; `old`: in one snapshot, taken before the runs."""

    def __init__(self, url: str, *, old: bool) -> None:
        super().__init__(daemon=True)
        self._session = psycopg.connect(url, autocommit=True)
        if old:
            self._session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        self._old = old
        self.counts = [self._count()]
        self.over = threading.Event()

    def _count(self) -> int:
        row = self._session.execute("SELECT count(*) FROM dwh.orders").fetchone()
        assert row is not None
        return int(row[0])

    def run(self) -> None:
        while not self.over.is_set():
            self.counts.append(self._count())

    def end(self) -> list[int]:
        self.over.set()
        self.join(10)
        self._session.close()
        return self.counts


def test_readers_never_see_fewer_rows(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> None:
    growing = replace(PG_FULL, inserts=25, updates=0, deletes=0)
    lab = new_postgres_lab(growing, zygote, tmp_path, pg_wheel, rows=500)
    lab.ready()
    readers = [_Reader(lab.target.url, old=old) for old in (False, True)]
    for reader in readers:
        reader.start()
    for _ in range(4):
        lab.change()
        lab.done()
    fresh, old = (reader.end() for reader in readers)
    assert fresh == sorted(fresh)
    assert fresh[-1] > fresh[0] > 0
    assert set(old) == {fresh[0]}
    assert min(len(fresh), len(old)) > 20
