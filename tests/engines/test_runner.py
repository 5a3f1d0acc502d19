"""The runner on a real Postgres, with a bundle written by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RefusedError, RunOutcome
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.sessions import engine_opener
from dpone_compiler.runtime.setup import apply_setup
from tests.engine_fixtures import FreshDatabase
from tests.hand_bundle import SETUP, write_hand_bundle

ROWS = 20_000


@pytest.fixture
def database(pg_wheel_db: FreshDatabase) -> str:
    """The URL of a database of its own with source, empty target and state table."""
    url = pg_wheel_db()
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "CREATE TABLE orders (id int, note text); CREATE TABLE orders_copy (id int, note text); CREATE SCHEMA staging"
        )
        session.execute("INSERT INTO orders SELECT i, 'x' || i FROM generate_series(1, %s) i", (ROWS,))
        session.execute(SETUP)
    return url


def _environ(url: str) -> dict[str, str]:
    return {"DPONE_CONN_SRC": url, "DPONE_CONN_DST": url}


def _run(folder: Path, url: str, tmp_path: Path, **options: Any) -> RunOutcome:
    bundle = load_bundle(folder)
    opener = engine_opener(bundle.doc, _environ(url), None)
    asked = RunOptions(shown=str(folder), runs=tmp_path / "runs", **options)
    return run_bundle(bundle, asked, opener=opener, url=None, listener=Quiet(), faults=Faults())


def _one(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as session:
        row = session.execute(query).fetchone()
        return row[0] if row and len(row) == 1 else row


def test_a_run_moves_the_rows_and_commits_the_state(database: str, tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b")
    outcome = _run(tmp_path / "b", database, tmp_path)
    assert (outcome.exit_code, outcome.status, outcome.rows) == (0, "done", ROWS), outcome
    assert _one(database, "SELECT count(*) FROM orders_copy") == ROWS
    assert _one(database, "SELECT phase, watermark, lease_owner FROM dponec.dponec_state") == (
        "done",
        str(ROWS + 1),
        None,
    )
    receipt = json.loads(Path(outcome.receipt).read_text())
    assert receipt["outcome"]["status"] == "done"
    assert {step["step"] for step in receipt["steps"]} >= {"transfer", "commit_state"}
    assert _run(tmp_path / "b", database, tmp_path).exit_code == 0


def test_rows_of_others_in_the_target_are_refused(database: str, tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b")
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("INSERT INTO orders_copy VALUES (1, 'foreign')")
    outcome = _run(tmp_path / "b", database, tmp_path)
    assert (outcome.exit_code, outcome.code) == (1, "DP411")
    assert "adopt" in outcome.next


def test_a_missing_state_table_is_refused_with_the_command(database: str, tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b")
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("DROP SCHEMA dponec CASCADE")
    outcome = _run(tmp_path / "b", database, tmp_path)
    assert (outcome.exit_code, outcome.code) == (1, "DP416")
    assert 'psql -X -v ON_ERROR_STOP=1 "$DPONE_CONN_DST" -f' in outcome.message
    bundle = load_bundle(tmp_path / "b")
    apply_setup(bundle, engine_opener(bundle.doc, _environ(database), None))
    assert _run(tmp_path / "b", database, tmp_path).exit_code == 0


def test_a_failed_check_leaves_the_target_alone(database: str, tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b")
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("INSERT INTO orders VALUES (NULL, 'bad')")
        session.execute("ALTER TABLE orders ADD COLUMN x int")
    folder = tmp_path / "b"
    write_hand_bundle(folder, check_staged="DO $$ BEGIN RAISE 'broken' USING ERRCODE = 'DP511'; END $$")
    outcome = _run(folder, database, tmp_path)
    assert (outcome.exit_code, outcome.code, outcome.step) == (1, "DP511", "check_staged")
    assert _one(database, "SELECT count(*) FROM orders_copy") == 0
    assert _one(database, "SELECT lease_until IS NULL FROM dponec.dponec_state") is True


def test_a_changed_file_is_refused_by_name(tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b")
    (tmp_path / "b/steps/delete_all.sql").write_text("TRUNCATE public.orders_copy")
    with pytest.raises(RefusedError, match=r"delete_all\.sql") as caught:
        load_bundle(tmp_path / "b")
    assert caught.value.code == "DP701"


def test_a_broken_connection_is_transient(tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b")
    outcome = _run(tmp_path / "b", "postgresql://postgres@127.0.0.1:1/x", tmp_path)
    assert (outcome.exit_code, outcome.status, outcome.retryable) == (4, "transient", True)


def test_a_live_lease_is_respected_and_kept_alive(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    write_hand_bundle(
        folder, insert_staged="INSERT INTO public.orders_copy SELECT * FROM staging.orders_rows; SELECT pg_sleep(5)"
    )
    first: list[RunOutcome] = []
    thread = threading.Thread(target=lambda: first.append(_run(folder, database, tmp_path)))
    thread.start()
    deadline = time.monotonic() + 20
    while _one(database, "SELECT count(*) FROM dponec.dponec_state WHERE phase = 'staged'") == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second = _run(folder, database, tmp_path)
    assert (second.exit_code, second.code, second.retryable) == (4, "DP413", True)
    thread.join()
    assert first[0].exit_code == 0


KILLER = """
import os, sys
from pathlib import Path
from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.faults import faults_from
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.sessions import engine_opener
from dpone_compiler.runtime.signals import interruptible
folder, runs = Path(sys.argv[1]), Path(sys.argv[2])
bundle = load_bundle(folder)
with interruptible():
    done = run_bundle(bundle, RunOptions(shown=str(folder), runs=runs), opener=engine_opener(bundle.doc, os.environ, None),
        url=None, listener=Quiet(), faults=faults_from(os.environ))
print(done.code, done.message, done.step)
sys.exit(done.exit_code)
"""
FAULTS = (
    "before:open_attempt",
    "after-commit:open",
    "inside:transfer:rows=1",
    "before-commit:stage",
    "after-commit:stage",
    "after-commit:prove",
    "inside:commit_state",
    "before-commit:apply",
    "after-commit:apply",
    "before-journal:drop_staging",
    "before:release_lease",
)


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_kill_anybody_can_finish_the_run(database: str, tmp_path: Path, fault: str) -> None:
    write_hand_bundle(tmp_path / "b")
    words = [sys.executable, "-c", KILLER, str(tmp_path / "b"), str(tmp_path / "runs")]
    environ = {**os.environ, **_environ(database), "DPONEC_FAULT": fault, "DPONEC_TESTING": "1"}
    killed = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert f"landed {fault.partition(':rows')[0]}" in killed.stderr
    outcome = _run(tmp_path / "b", database, tmp_path / "elsewhere")
    assert outcome.exit_code == 0, outcome
    assert _one(database, "SELECT count(*), count(DISTINCT id) FROM orders_copy") == (ROWS, ROWS)
    assert _one(database, "SELECT phase, watermark FROM dponec.dponec_state") == ("done", str(ROWS + 1))
    assert _one(database, "SELECT to_regclass('staging.orders_rows') IS NULL") is True


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_rolls_back_and_gives_the_lease_back(database: str, tmp_path: Path, sent: int, code: int) -> None:
    write_hand_bundle(tmp_path / "b", delete_all="DELETE FROM public.orders_copy; SELECT pg_sleep(60)")
    words = [sys.executable, "-c", KILLER, str(tmp_path / "b"), str(tmp_path / "runs")]
    process = subprocess.Popen(words, env={**os.environ, **_environ(database)}, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while (
        _one(
            database,
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()",
        )
        == 0
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(sent)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == code, out
    assert _one(database, "SELECT lease_until IS NULL, phase FROM dponec.dponec_state") == (True, "staged")
    write_hand_bundle(tmp_path / "b")
    assert _run(tmp_path / "b", database, tmp_path).exit_code == 0
