"""A signal that comes when a run has ended: the lease is given back, the receipt is whole, the end is told, and nothing more is begun."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dpone_compiler.runtime import runner
from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.failure import stopped_by_signal
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.folder import ordered, run_folder, worst
from dpone_compiler.runtime.holding import Holding
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.sessions import engine_opener
from dpone_compiler.runtime.signals import interruptible, kept
from tests.engine_fixtures import FreshDatabase
from tests.hand_bundle import SETUP, write_hand_bundle

BROKEN = "DO $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = 'DP512'; END $$"


@pytest.fixture
def database(pg_wheel_db: FreshDatabase) -> str:
    """A source of ten rows, an empty target and a state table."""
    url = pg_wheel_db()
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("CREATE TABLE orders (id int, note text); CREATE TABLE orders_copy (id int, note text)")
        session.execute("CREATE SCHEMA staging; INSERT INTO orders SELECT i, 'x' FROM generate_series(1, 10) i")
        session.execute(SETUP)
    return url


def _run(folder: Path, url: str) -> RunOutcome:
    bundle = load_bundle(folder)
    opener = engine_opener(bundle.doc, {"DPONE_CONN_SRC": url, "DPONE_CONN_DST": url}, None)
    options = RunOptions(shown=str(folder), runs=folder.parent / "runs")
    with interruptible():
        return runner.run_bundle(bundle, options, opener=opener, url=None, listener=Quiet(), faults=Faults())


def _signalled(function: Callable[..., Any], number: int) -> Callable[..., Any]:
    """The function, with a signal for this process before and after it."""

    def both(*args: Any) -> Any:
        os.kill(os.getpid(), number)
        made = function(*args)
        os.kill(os.getpid(), number)
        return made

    return both


@pytest.fixture(params=["giving the lease back", "writing the receipt"])
def late(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """SIGTERM comes then."""
    if request.param == "writing the receipt":
        monkeypatch.setattr(runner, "write_receipt", _signalled(runner.write_receipt, signal.SIGTERM))
    else:
        monkeypatch.setattr(Holding, "give_back", _signalled(Holding.give_back, signal.SIGTERM))
    return signal.SIGTERM


def _state(url: str) -> Any:
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute("SELECT phase, lease_until IS NULL FROM dponec.dponec_state").fetchone()


@pytest.mark.usefixtures("late")
def test_a_run_that_was_done(database: str, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    write_hand_bundle(tmp_path / "b")
    outcome = _run(tmp_path / "b", database)
    assert (outcome.exit_code, outcome.status, outcome.code) == (143, "interrupted", "DP426")
    assert outcome.message == "signal 15 came when the run had ended (done)"
    assert (outcome.next, outcome.rows) == (f"dponec run {tmp_path / 'b'}", 10)
    receipt = json.loads(Path(outcome.receipt).read_text())["outcome"]
    assert (receipt["exit_code"], receipt["status"], receipt["code"]) == (0, "done", "")
    assert _state(database) == ("done", True)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.usefixtures("late")
def test_a_run_that_was_refused(database: str, tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b", delete_all=BROKEN)
    outcome = _run(tmp_path / "b", database)
    assert (outcome.exit_code, outcome.step) == (143, "delete_all")
    assert outcome.message.startswith("signal 15 came when the run had ended (DP512: ")
    assert json.loads(Path(outcome.receipt).read_text())["outcome"]["code"] == "DP512"
    assert _state(database) == ("staged", True)


@pytest.mark.usefixtures("late")
def test_no_other_load_of_the_folder_is_begun(database: str, tmp_path: Path) -> None:
    for name in "ab":
        write_hand_bundle(tmp_path / name, doc_name=name)
    outcomes = run_folder(ordered((tmp_path / "a", tmp_path / "b")), lambda folder: _run(folder, database), 1)
    assert [(each.load, each.exit_code, each.code) for each in outcomes] == [("a", 143, "DP426"), ("b", 4, "DP426")]
    assert worst(outcomes) == 143


def test_signals_wait_in_their_order() -> None:
    with kept() as came:
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
    assert came == [signal.SIGTERM, signal.SIGINT]


def test_what_a_signal_leaves_is_said_of_each_engine(tmp_path: Path) -> None:
    doc = write_hand_bundle(tmp_path / "b")
    on_clickhouse = replace(doc, state={**doc.state, "engine": "clickhouse"})
    said = {
        stopped_by_signal(15, step="s", doc=each, bundle="b").message.partition("; ")[2]
        for each in (doc, on_clickhouse)
    }
    assert said == {
        "the open transaction was rolled back",
        "what it has done in ClickHouse stays, and the next run goes on from there",
    }
