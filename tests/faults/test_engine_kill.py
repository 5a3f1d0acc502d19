"""SIGKILL of the servers in the middle of a load; they come back with their data, and the load is finished."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import start_clickhouse_server
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
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
