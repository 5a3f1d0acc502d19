"""run.sh on two hosts: the lease in a Postgres beside the ClickHouse of 2018, whose client speaks the native protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import CH18_LEASED
from tests.faults.conftest import new_clickhouse_lab
from tests.faults.lab import PASSWORD, Lab
from tests.faults.scripts import begun
from tests.faults.zygote import Zygote

_HELD = 4
_TAKEN = b"UPDATE public.dponec_leases SET fence = fence + 1, lease_owner = 'another host'"
_OVER = b"UPDATE public.dponec_leases SET lease_until = clock_timestamp() - interval '1 second'"


@dataclass(frozen=True, slots=True)
class _Hosts:
    """A lab, and how its target is reached by clickhouse-client."""

    lab: Lab
    native: str

    def start(self, name: str) -> subprocess.Popen[str]:
        """run.sh on a host of this name: its working folder and its lock folder."""
        home = self.lab.machine(name)
        places = dict.fromkeys(("XDG_RUNTIME_DIR", "TMPDIR"), str(home))
        environ = self.lab.environ(DPONE_CONN_FAULTS_TARGET=self.native, **places)
        return subprocess.Popen(
            [str(self.lab.bundle / "run.sh")],
            cwd=home,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def stopped_in(self, name: str, unit: str, number: int) -> subprocess.Popen[str]:
        """A script that got this signal, itself alone, when it had begun a unit."""
        script = self.start(name)
        while unit not in begun(self.lab.machine(name)):
            assert script.poll() is None, f"it ended before {unit}"
            time.sleep(0.001)
        os.kill(script.pid, number)
        return script

    def leases(self, sql: bytes) -> None:
        """Do to the row what time and other hosts do."""
        with psycopg.connect(self.lab.source_url, autocommit=True) as session:
            session.execute(sql)


def _ended(script: subprocess.Popen[str]) -> tuple[int, str]:
    told = script.communicate(timeout=60)[1]
    assert PASSWORD not in told
    return script.returncode, told


@pytest.fixture
def hosts(pg_wheel: EmbeddedPostgres, clickhouse_server: ClickHouseServer, zygote: Zygote, tmp_path: Path) -> _Hosts:
    """A loaded target, and changes to carry."""
    lab = new_clickhouse_lab(CH18_LEASED, zygote, tmp_path, pg_wheel, clickhouse_server)
    lab.ready()
    lab.change()
    return _Hosts(lab, clickhouse_server.native_url_for(urlsplit(lab.target.url).path.strip("/")))


def test_a_script_that_lost_the_lease_stops_before_the_target(hosts: _Hosts) -> None:
    before = hosts.lab.target.rows()
    late = hosts.stopped_in("first", "transfer-left", signal.SIGSTOP)
    hosts.leases(_TAKEN)
    os.kill(late.pid, signal.SIGCONT)
    code, told = _ended(late)
    assert (code, "stopped at renew-lease: DP410" in told) == (5, True), told
    assert hosts.lab.target.rows() == before
    refused, told = _ended(hosts.start("second"))
    assert (refused, "stopped at take-lease: DP413" in told) == (_HELD, True), told
    hosts.leases(_OVER)
    code, told = _ended(hosts.start("second"))
    assert code == 0, told
    hosts.lab.check()
    code, told = _ended(hosts.start("first"))  # it was given back
    assert code == 0, told


@pytest.mark.parametrize("unit", ["freeze-window", "transfer-left", "replace-partitions", "release-lease"])
def test_the_lease_of_a_script_that_was_killed_is_waited_for(hosts: _Hosts, unit: str) -> None:
    assert hosts.stopped_in("first", unit, signal.SIGKILL).wait(10) == -signal.SIGKILL
    hosts.lab.settle()
    refused, told = _ended(hosts.start("second"))
    assert (refused, "DP413" in told) == (_HELD, True), told
    hosts.leases(_OVER)
    code, told = _ended(hosts.start("second"))
    assert code == 0, told
    hosts.lab.check()
