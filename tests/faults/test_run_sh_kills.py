"""SIGKILL of run.sh in each of its units: the script run again finishes the load, once the lease of the dead one is over."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
from tests.faults.cases import CH18_MERGE, PG_ATTACH, PG_MERGE
from tests.faults.conftest import new_clickhouse_lab, new_postgres_lab
from tests.faults.lab import PASSWORD, Lab
from tests.faults.test_kill_matrix import Note
from tests.faults.zygote import Zygote
from tests.told import LANDED

_HELD = 4  # another run holds the lease
_PATIENCE = 20.0  # seconds for a lease of two


@pytest.fixture
def lab(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> Lab:
    """A loaded target; its lease lasts two seconds, since a script has no session that would say that it lives."""
    made = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel, lease=2)
    made.ready()
    return made


def _start(lab: Lab, home: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start run.sh of the bundle in a folder."""
    return subprocess.Popen(
        [str(lab.bundle / "run.sh")],
        cwd=home,
        env=lab.environ(**(env or {})),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _finished(lab: Lab, home: Path) -> set[int]:
    """Run until it ends well; the codes on the way."""
    codes, deadline = set[int](), time.monotonic() + _PATIENCE
    while 0 not in codes:
        assert time.monotonic() < deadline, codes
        script = _start(lab, home)
        told = script.communicate(timeout=60)[1]
        assert script.returncode in (0, _HELD), told
        assert PASSWORD not in told
        codes.add(script.returncode)
        time.sleep(0.2 if script.returncode else 0)
    return codes


def _begun(home: Path) -> Iterator[str]:
    """The units that the journals below a folder say were begun."""
    for journal in home.glob(".dponec/runs/*/journal.jsonl"):
        for line in journal.read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            if note["event"] == "begin":
                yield note["step"]


def _killed_in(lab: Lab, home: Path, unit: str) -> None:
    """Kill the script alone when it has begun a unit: its client goes on, as a client does."""
    script = _start(lab, home)
    while unit not in _begun(home):
        assert script.poll() is None, f"it ended before {unit}"
        time.sleep(0.001)
    os.kill(script.pid, signal.SIGKILL)
    assert script.wait(10) == -signal.SIGKILL


@pytest.mark.timeout(280)
def test_killed_in_every_unit(lab: Lab, record_property: Note) -> None:
    lab.change()
    _finished(lab, lab.machine("first"))
    lab.check()
    units = list(dict.fromkeys(_begun(lab.machine("first"))))
    units = units[
        units.index("freeze-window") :
    ]  # what comes before leaves nothing, and the journal begins with the run
    assert {"finalize", "release-lease"} < set(units), units
    waited = _broken(lab, units, record_property)
    assert _HELD in waited, "the lease of a dead script was never waited for"


# Holds the call that names the step until somebody says go.
_HELD_PSQL = """#!/bin/sh
case "$*" in *find-partitions*) : >"$0.waits"; while [ ! -e "$0.go" ]; do sleep 0.05; done ;; esac
exec {psql} "$@"
"""


@pytest.mark.postgres_wheel
def test_the_target_dies_between_two_units(zygote: Zygote, tmp_path: Path) -> None:
    """Each unit is a session of its own, so that the script does not see it: what is staged must still be there."""
    psql = tmp_path / "bin" / "psql"
    psql.parent.mkdir()
    psql.write_text(_HELD_PSQL.format(psql=shutil.which("psql")), encoding="utf-8")
    psql.chmod(0o755)
    with start_postgres(fsync=True) as engine:
        lab = new_postgres_lab(PG_ATTACH, zygote, tmp_path, engine)
        lab.ready()
        lab.change()
        script = _start(lab, lab.machine("first"), {"PATH": f"{psql.parent}:{os.environ['PATH']}"})
        while not psql.with_name("psql.waits").exists():
            assert script.poll() is None
            time.sleep(0.01)
        engine.kill()
        engine.restart()
        psql.with_name("psql.go").touch()
        told = script.communicate(timeout=60)[1]
        assert script.returncode == 0, told
        lab.check()


# On ClickHouse a step is a unit. These are the ones that leave something behind.
_LEAVING = (
    "open-attempt", "transfer-left", "check-values-rows", "record-staged", "build-rewrite", "record-rewrite", "replace-partitions",
    "commit-state", "drop-rewrite", "release-lease",
)  # fmt: skip


@pytest.fixture
def ch_lab(pg_wheel: EmbeddedPostgres, clickhouse_server: ClickHouseServer, zygote: Zygote, tmp_path: Path) -> Lab:
    """A loaded target on the server whose client is here."""
    made = new_clickhouse_lab(CH18_MERGE, zygote, tmp_path, pg_wheel, clickhouse_server)
    made.ready()
    return made


@pytest.mark.timeout(280)
@pytest.mark.parametrize("half", [0, 1])
def test_killed_on_its_way_into_clickhouse(
    ch_lab: Lab, clickhouse_server: ClickHouseServer, monkeypatch: pytest.MonkeyPatch, record_property: Note, half: int
) -> None:
    """Its client outlives the script and holds the lock of this host, so the next run waits for it, and then goes on."""
    lab = ch_lab
    native = clickhouse_server.native_url_for(lab.target.url.rpartition("/")[2])
    monkeypatch.setattr(lab, "environ", partial(lab.environ, DPONE_CONN_FAULTS_TARGET=native))
    lab.change()
    _finished(lab, lab.machine("first"))
    lab.check()
    units = list(dict.fromkeys(_begun(lab.machine("first"))))
    assert set(_LEAVING) <= set(units), units
    _broken(lab, tuple(_LEAVING)[half::2], record_property)


def _broken(lab: Lab, units: Iterable[str], note: Note) -> set[int]:
    """Kill it in each unit; the codes of the runs that finished the load."""
    waited = set[int]()
    for unit in units:
        lab.change()
        _killed_in(lab, lab.machine(f"in-{unit}"), unit)
        lab.settle()
        waited |= _finished(lab, lab.machine(f"after-{unit}"))
        lab.check()
        note(LANDED, f"run.sh of {lab.case.name}: in {unit}")
    return waited
