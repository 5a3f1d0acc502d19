"""run.sh and `dponec run` of one load into ClickHouse on one host: whoever holds the target keeps the other one out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import CH18_MERGE
from tests.faults.conftest import new_clickhouse_lab
from tests.faults.lab import PASSWORD, Lab
from tests.faults.scripts import HELD, start
from tests.faults.trap import Trap, marker
from tests.faults.zygote import Zygote

_TRANSFER = marker("transfer-rows", "extract")
# How run.sh reaches the target; `dponec run` has HTTP.
WAYS = ("native", "http")


@pytest.fixture
def lab(pg_wheel: EmbeddedPostgres, clickhouse_server: ClickHouseServer, zygote: Zygote, tmp_path: Path) -> Lab:
    """A loaded target, and changes to carry."""
    made = new_clickhouse_lab(CH18_MERGE, zygote, tmp_path, pg_wheel, clickhouse_server)
    made.ready()
    made.change()
    return made


def _script(lab: Lab, server: ClickHouseServer, way: str, name: str, **env: str) -> subprocess.Popen[str]:
    """run.sh in a working folder of its own, with the lock folders of this host."""
    native = server.native_url_for(urlsplit(lab.target.url).path.strip("/"))
    target = {"DPONE_CONN_FAULTS_TARGET": native} if way == "native" else {}
    return start(lab, lab.machine(name), {**target, **env})


def _ended(script: subprocess.Popen[str]) -> tuple[int, str]:
    told = script.communicate(timeout=60)[1]
    assert PASSWORD not in told
    return script.returncode, told


@pytest.mark.parametrize("way", WAYS)
def test_a_run_is_refused_beside_the_script(lab: Lab, clickhouse_server: ClickHouseServer, way: str) -> None:
    with Trap(lab.port("source"), _TRANSFER) as trap:
        script = _script(lab, clickhouse_server, way, "script", **lab.through("source", trap))
        assert trap.fired.wait(30)
        staged = lab.target.staging()
        second = lab.run(cwd=lab.machine("second"))
        assert (second.code, second.outcome["code"], second.outcome["retryable"]) == (HELD, "DP413", True), str(second)
        assert second.outcome["message"] == f"process {script.pid} on this host is loading the same target"
        assert lab.target.staging() == staged
        trap.release()
        assert _ended(script)[0] == 0
    lab.check()


@pytest.mark.parametrize("way", WAYS)
def test_the_script_is_refused_beside_a_run(lab: Lab, clickhouse_server: ClickHouseServer, way: str) -> None:
    held = lab.held("source", _TRANSFER)
    try:
        staged = lab.target.staging()
        code, told = _ended(_script(lab, clickhouse_server, way, "script"))
        assert (code, "DP413" in told) == (HELD, True), told
        assert lab.target.staging() == staged
    finally:
        first = held.ends()
    assert first.code == 0, str(first)
    lab.check()
    code, told = _ended(_script(lab, clickhouse_server, way, "script"))  # the lock is free
    assert code == 0, told
