"""SIGKILL of the servers in the middle of a load; they come back with their data, and the load is finished."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import start_clickhouse_server
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
from tests.engine_fixtures import run_clickhouse
from tests.faults.cases import CH18_FULL, CH18_MERGE, CH_FULL, CH_MERGE, PG_FULL, PG_MERGE, Case
from tests.faults.conftest import new_clickhouse_lab, new_postgres_lab
from tests.faults.lab import Lab
from tests.faults.trap import marker
from tests.faults.zygote import Zygote


def _kill_and_restart(lab: Lab, engine: Engine, part: bytes, extra: int) -> None:
    lab.change()
    held = lab.held("target", part, extra=extra)
    engine.kill()
    ended = held.ends()
    assert (ended.code, ended.outcome["code"]) == (5, "DP421"), str(ended)
    assert ended.outcome["next"] == f"dponec run {lab.bundle}"
    engine.restart()
    lab.done()
    lab.check()


@pytest.mark.postgres_wheel
@pytest.mark.parametrize("case", [PG_MERGE, PG_FULL], ids=lambda case: case.name)
def test_postgres_dies(case: Case, zygote: Zygote, tmp_path: Path) -> None:
    with start_postgres(fsync=True) as engine:
        lab = new_postgres_lab(case, zygote, tmp_path, engine, rows=400, note_size=1500)
        lab.ready()
        _kill_and_restart(lab, engine, marker("transfer-rows", "load"), 20_000)
        _kill_and_restart(lab, engine, marker("insert-staged"), 0)
        _kill_and_restart(lab, engine, marker("commit-state"), 0)


@pytest.mark.chdb
@pytest.mark.parametrize(
    ("case", "finalizer"),
    [(CH_MERGE, marker("replace-partitions", "body")), (CH_FULL, marker("exchange-tables"))],
    ids=["ch_merge", "ch_full"],
)
def test_chdb_dies(case: Case, finalizer: bytes, pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> None:
    with start_chdb() as engine:
        lab = new_clickhouse_lab(case, zygote, tmp_path, pg_wheel, engine, rows=400, note_size=1500)
        _clickhouse_dies(lab, engine, finalizer)


@pytest.mark.clickhouse_server
@pytest.mark.parametrize("case", [CH18_MERGE, CH18_FULL], ids=lambda case: case.name)
def test_the_server_of_2018_dies(case: Case, pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> None:
    with start_clickhouse_server() as engine:
        lab = new_clickhouse_lab(case, zygote, tmp_path, pg_wheel, engine, rows=400, note_size=1500)
        _clickhouse_dies(lab, engine, marker("replace-partitions", "body"))


def _clickhouse_dies(lab: Lab, engine: Engine, finalizer: bytes) -> None:
    lab.ready()
    _kill_and_restart(lab, engine, marker("transfer-rows", "load", url=True), 20_000)
    _kill_and_restart(lab, engine, finalizer, 0)
    _kill_and_restart(lab, engine, marker("commit-state"), 0)


@pytest.mark.parametrize(
    ("case", "start"),
    [
        pytest.param(CH_MERGE, start_chdb, id="ch_merge", marks=pytest.mark.chdb),
        *(
            pytest.param(case, start_clickhouse_server, id=case.name, marks=pytest.mark.clickhouse_server)
            for case in (CH18_MERGE, CH18_FULL)
        ),
    ],
)
def test_a_restart_brings_back_nothing(
    case: Case, start: Callable[[], Engine], pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path
) -> None:
    """Before 26.6 a server reads replaced parts again that it has not removed yet (ClickHouse issue 107605)."""
    with start() as engine:
        lab = new_clickhouse_lab(case, zygote, tmp_path, pg_wheel, engine)
        lab.ready()
        lab.change()
        lab.done()
        engine.kill()
        engine.restart()
        lab.check()


@pytest.mark.clickhouse_server
@pytest.mark.parametrize("by", ["dponec run", "run.sh"])
def test_a_reader_keeps_the_old_parts(by: str, pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> None:
    """The load waits for it: behind the commit no restart may bring anything back."""
    with start_clickhouse_server() as engine:
        lab = new_clickhouse_lab(CH18_MERGE, zygote, tmp_path, pg_wheel, engine)
        lab.ready()
        lab.change()
        query = "SELECT sleepEachRow(0.1) FROM orders LIMIT 60"
        reader = threading.Thread(
            target=run_clickhouse, args=(f"{lab.target.url}&max_block_size=1&max_threads=1", query)
        )
        reader.start()
        if by == "run.sh":
            native = engine.native_url_for(lab.target.url.rpartition("/")[2])
            script = [str(lab.bundle / "run.sh")]
            subprocess.run(script, cwd=lab.home, env=lab.environ(DPONE_CONN_FAULTS_TARGET=native), check=True)
        else:
            lab.done()
        waited = reader.is_alive()
        engine.kill()
        reader.join()
        assert not waited
        engine.restart()
        lab.check()
