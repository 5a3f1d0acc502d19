"""Rows that ClickHouse before 26.6 shows again after a restart: the wait before a commit, and giving up (docs/adr/0027)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dpone_compiler.backends.clickhouse import clearing
from dpone_compiler.driver.compile import Options, compile_paths
from dpone_compiler.driver.output import write_bundle
from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import start_clickhouse_server
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.engine_fixtures import run_clickhouse
from tests.faults.cases import CH18_FULL, CH18_MERGE, CH_MERGE, Case
from tests.faults.conftest import new_clickhouse_lab
from tests.faults.executors import EXECUTORS, run_by
from tests.faults.lab import Lab
from tests.faults.trap import marker
from tests.faults.zygote import Ended, Zygote


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
@pytest.mark.parametrize("by", EXECUTORS)
def test_a_reader_keeps_the_old_parts(by: str, pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> None:
    """The load waits for it: behind the commit no restart may bring anything back."""
    with start_clickhouse_server() as engine:
        lab = new_clickhouse_lab(CH18_MERGE, zygote, tmp_path, pg_wheel, engine)
        lab.ready()
        lab.change()
        reader = _reader(lab)
        ended = _run(lab, engine, by)
        assert ended[0] == 0, ended[1]
        waited = reader.is_alive()
        engine.kill()
        reader.join()
        assert not waited
        engine.restart()
        lab.check()


@pytest.mark.clickhouse_server
@pytest.mark.parametrize("by", EXECUTORS)
def test_parts_that_stay_longer_than_the_wait_keep_the_load_from_its_commit(
    by: str, pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a dropped part was merged from is covered by nothing, and stays for old_parts_lifetime."""
    monkeypatch.setattr(clearing, "_MAX_SECONDS", 2)
    with start_clickhouse_server() as engine:
        lab = new_clickhouse_lab(CH18_MERGE, zygote, tmp_path, pg_wheel, engine)
        (bundle,) = compile_paths([lab.folder / "load.yaml"], Options(catalog=lab.folder / "catalog")).bundles
        write_bundle(bundle, lab.folder / "plans")
        table = run_clickhouse(lab.target.url, "SHOW CREATE TABLE orders FORMAT TabSeparatedRaw").strip()
        lab.target.execute("DROP TABLE orders")
        lab.target.execute(f"{table}, old_parts_lifetime = 20")
        lab.ready()
        before = lab.target.state()
        lab.change()
        for id_ in (1, 2):
            lab.target.execute(f"INSERT INTO orders VALUES ({id_}, '', '2020-01-01', '', 1, '2020-01-01 00:00:00')")
        lab.target.execute("OPTIMIZE TABLE orders PARTITION 202001 FINAL")
        lab.target.execute("ALTER TABLE orders DROP PARTITION 202001")
        until = time.monotonic() + 60
        code, told = _run(lab, engine, by)
        assert (code, "DP436" in told) == (5, True), told
        state = lab.target.state()
        assert before is not None and state is not None
        assert (state.phase, state.watermark) == ("staged", before.watermark)
        while code == 5:
            assert "DP436" in told and time.monotonic() < until, told
            code, told = _run(lab, engine, by)
        assert code == 0, told
        lab.check()
        engine.kill()
        engine.restart()
        lab.check()


@pytest.mark.clickhouse_server
def test_a_merge_whose_server_restarted_is_not_given_up_by_mistake(
    pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path
) -> None:
    """Run again it ends well; given up all the same, its partitions are loaded again."""
    with start_clickhouse_server() as engine:
        lab = new_clickhouse_lab(CH18_MERGE, zygote, tmp_path, pg_wheel, engine)
        lab.ready()
        run_id = _dies_before_the_wait_ends(lab, engine)
        refused = _abort(lab, run_id)
        assert (refused.code, refused.outcome["code"]) == (1, "DP437"), str(refused)
        assert refused.outcome["next"] == f"dponec run {lab.bundle}"
        state = lab.target.state()
        assert state is not None
        assert (state.run_id, state.phase) == (run_id, "staged")
        lab.done()
        lab.check()

        run_id = _dies_before_the_wait_ends(lab, engine)
        given_up = _abort(lab, run_id, "--accept-returned-rows")
        assert (given_up.code, given_up.outcome["phase"]) == (0, "done"), str(given_up)
        months = [word for month in (1, 2, 3) for word in ("--partition", f"2026-0{month}-01")]
        again = lab.call("resync", "--run-id", run_id, *months, "--yes")
        assert again.code == 0, str(again)
        lab.done()
        lab.check()


@pytest.mark.clickhouse_server
def test_a_merge_is_given_up_when_its_old_parts_are_gone(
    pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path
) -> None:
    with start_clickhouse_server() as engine:
        lab = new_clickhouse_lab(CH18_MERGE, zygote, tmp_path, pg_wheel, engine)
        lab.ready()
        _long_up(lab)
        lab.change()
        reader = _reader(lab)
        assert lab.kill_at("inside:await-cleared")
        run_id = lab.target.state().run_id
        refused = _abort(lab, run_id)
        assert reader.is_alive()
        assert (refused.code, refused.outcome["code"]) == (4, "DP437"), str(refused)
        assert refused.outcome["next"] == f"dponec runs abort {run_id} --bundles {lab.bundle}"
        reader.join()
        until = time.monotonic() + 40  # the server looks for parts to remove every ten seconds
        while (ended := _abort(lab, run_id)).code == 4:
            assert time.monotonic() < until, str(ended)
            time.sleep(0.2)
        assert ended.code == 0, str(ended)
        engine.kill()
        engine.restart()
        lab.done()
        lab.check()


def _dies_before_the_wait_ends(lab: Lab, engine: Engine) -> str:
    """A merge whose replaced rows are back after a restart; its run id."""
    lab.change()
    held = lab.held("target", marker("await-cleared", "query"))
    engine.kill()
    ended = held.ends()
    assert ended.code == 5, str(ended)
    engine.restart()
    assert "rows instead of" in "; ".join(lab.problems())
    return str(lab.target.state().run_id)


def _abort(lab: Lab, run_id: str, *words: str) -> Ended:
    return lab.call("runs", "abort", run_id, "--bundles", str(lab.bundle), *words)


def _reader(lab: Lab) -> threading.Thread:
    """A query that reads the parts of the target for six seconds."""
    url = f"{lab.target.url}&max_block_size=1&max_threads=1"
    query = "SELECT sleepEachRow(0.1) FROM orders LIMIT 60"
    reader = threading.Thread(target=run_clickhouse, args=(url, query))
    reader.start()
    return reader


def _long_up(lab: Lab) -> None:
    """Wait until nothing takes what follows for the second in which the server was started."""
    while int(run_clickhouse(lab.target.url, "SELECT uptime()")) < 3:
        time.sleep(0.2)


def _run(lab: Lab, engine: Engine, by: str) -> tuple[int, str]:
    """The load by either executor; run.sh has the client of the native protocol."""
    native = {"DPONE_CONN_FAULTS_TARGET": engine.native_url_for(lab.target.url.rpartition("/")[2])}
    return run_by(lab, by, **(native if by == "run.sh" else {}))
