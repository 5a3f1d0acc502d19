"""SIGKILL of run.sh in each of its units: the script run again finishes the load, once the lease of the dead one is over."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
from tests.faults.cases import CH18_MERGE, PG_ATTACH, PG_MERGE
from tests.faults.conftest import new_clickhouse_lab, new_postgres_lab
from tests.faults.lab import Lab
from tests.faults.scripts import HELD, begun, finished, killed_in, start
from tests.faults.test_kill_matrix import Note
from tests.faults.zygote import Zygote
from tests.told import LANDED


@pytest.fixture
def lab(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> Lab:
    """A loaded target; its lease lasts two seconds, since a script has no session that would say that it lives."""
    made = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel, lease=2)
    made.ready()
    return made


@pytest.mark.timeout(280)
def test_killed_in_every_unit(lab: Lab, record_property: Note) -> None:
    lab.change()
    finished(lab, lab.machine("first"))
    lab.check()
    units = list(dict.fromkeys(begun(lab.machine("first"))))
    units = units[
        units.index("freeze-window") :
    ]  # what comes before leaves nothing, and the journal begins with the run
    assert {"finalize", "release-lease"} < set(units), units
    waited = _broken(lab, units, record_property)
    assert HELD in waited, "the lease of a dead script was never waited for"


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
        script = start(lab, lab.machine("first"), {"PATH": f"{psql.parent}:{os.environ['PATH']}"})
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
    finished(lab, lab.machine("first"))
    lab.check()
    units = list(dict.fromkeys(begun(lab.machine("first"))))
    assert set(_LEAVING) <= set(units), units
    _broken(lab, tuple(_LEAVING)[half::2], record_property)


def _broken(lab: Lab, units: Iterable[str], note: Note) -> set[int]:
    """Kill it in each unit; the codes of the runs that finished the load."""
    waited = set[int]()
    for unit in units:
        lab.change()
        killed_in(lab, lab.machine(f"in-{unit}"), unit)
        lab.settle()
        waited |= finished(lab, lab.machine(f"after-{unit}"))
        lab.check()
        note(LANDED, f"run.sh of {lab.case.name}: in {unit}")
    return waited
