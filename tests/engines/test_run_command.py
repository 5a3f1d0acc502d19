"""The commands run, resume, runs and state as a user types them, on a real Postgres."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from dpone_compiler.cli.replay import resume
from dpone_compiler.cli.run import run
from dpone_compiler.cli.runs import runs
from dpone_compiler.cli.state import state
from tests.engine_fixtures import FreshDatabase
from tests.hand_bundle import write_hand_bundle

SHOW = "SELECT * FROM dponec.dponec_state WHERE load = 'orders'"
ABORT = """
UPDATE dponec.dponec_state SET phase = 'done', fence = fence + 1, lease_until = NULL
WHERE load = 'orders' AND run_id = current_setting('dponec.run_id') AND phase IN ('open', 'staged') RETURNING phase
"""


BREAK = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 / 0; RETURN NULL; END $$;
CREATE TRIGGER broken BEFORE DELETE ON orders_copy EXECUTE FUNCTION broken()
"""


@pytest.fixture
def here(pg_wheel_db: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a bundle at plans/orders, and two connections without a state table."""
    url = pg_wheel_db()
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "CREATE TABLE orders (id int, note text); CREATE TABLE orders_copy (id int, note text); CREATE SCHEMA staging"
        )
        session.execute("INSERT INTO orders SELECT i, 'x' FROM generate_series(1, 10) i")
    monkeypatch.setenv("DPONE_CONN_SRC", url)
    monkeypatch.setenv("DPONE_CONN_DST", url)
    monkeypatch.chdir(tmp_path)
    _bundle(tmp_path)
    return tmp_path


def _bundle(folder: Path) -> None:
    write_hand_bundle(folder / "plans/orders", commands={"show": SHOW, "abort": ABORT})


def _on_target(sql: str) -> None:
    with psycopg.connect(os.environ["DPONE_CONN_DST"], autocommit=True) as session:
        session.execute(sql)


def _type(command: object, *words: str) -> Result:
    return CliRunner().invoke(command, words, catch_exceptions=False)  # type: ignore[arg-type]


def test_setup_is_asked_for_and_then_the_run_is_done(here: Path) -> None:
    missing = _type(run, "plans/orders")
    assert missing.exit_code == 1
    assert "DP416" in missing.stderr
    assert "next: dponec run plans/orders --apply-setup" in missing.stderr
    both = _type(run, "plans/orders", "--apply-setup", "--dry-run")
    assert (both.exit_code, "--dry-run changes nothing" in both.stderr) == (2, True)
    assert "DP416" in _type(run, "plans/orders").stderr  # nothing was set up
    assert not (here / ".dponec").exists()
    done = _type(run, "plans", "--apply-setup", "--format", "json")
    outcome = json.loads(done.stdout)
    assert (done.exit_code, outcome["status"], outcome["rows"], outcome["retryable"]) == (0, "done", 10, False)
    listed = json.loads(_type(runs, "list", "--format", "json").stdout)["runs"]
    assert [(one["run_id"], one["status"]) for one in listed] == [(outcome["run_id"], "done")]
    receipt = json.loads(_type(runs, "show", outcome["run_id"], "--format", "json").stdout)["receipt"]
    assert receipt["plan"]["fingerprint"] == json.loads(Path("plans/orders/plan.json").read_text())["fingerprint"]
    assert "phase: done" in _type(state, "show", "orders").stdout
    planned = _type(run, "plans/orders", "--dry-run")
    assert "transfer: do transfer" in planned.stdout


def test_a_url_of_several_hosts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As libpq has them: the first one is not there. The receipt is written all the same, without a login."""
    for name in ("DPONE_CONN_SRC", "DPONE_CONN_DST"):
        monkeypatch.setenv(name, os.environ[name].replace("@", ":s3ntinel@127.0.0.1:1,"))
    done = _type(run, "plans/orders", "--apply-setup", "--format", "json")
    outcome = json.loads(done.stdout)
    assert (done.exit_code, outcome["status"], outcome["rows"]) == (0, "done", 10), done.stderr
    receipt = json.loads(Path(outcome["receipt"]).read_text())
    digest = hashlib.sha256(os.environ["DPONE_CONN_DST"].split("@")[1].split("/")[0].encode()).hexdigest()[:16]
    assert (receipt["target"]["host_sha256"], receipt["outcome"]["status"]) == (digest, "done")
    assert "s3ntinel" not in done.stdout + done.stderr + json.dumps(receipt)


def test_one_bundle_takes_its_window_with_any_number_of_jobs(here: Path) -> None:
    _type(run, "plans/orders", "--apply-setup")
    refused = _type(run, "plans/orders", "-j", "2", "--from", "no such step")
    assert (refused.exit_code, "no such step" in refused.stderr) == (2, True)


def test_a_window_is_refused_before_anything_is_set_up_or_opened(here: Path) -> None:
    """A folder of one bundle passes it on."""
    garbage = _type(run, "plans", "--window", "0", "now", "--apply-setup", "--format", "json")
    outcome = json.loads(garbage.stdout)
    assert (garbage.exit_code, outcome["code"], outcome["status"], outcome["load"]) == (2, "DP445", "refused", "orders")
    assert "DP416" in _type(run, "plans/orders").stderr  # nothing was set up
    assert not (here / ".dponec").exists()
    beyond = _type(run, "plans", "--window", "0", "999", "--apply-setup", "--format", "json")
    outcome = json.loads(beyond.stdout)
    assert (beyond.exit_code, outcome["code"], outcome["step"]) == (1, "DP447", "freeze_window")
    assert outcome["next"] == "dponec run plans/orders --window 0 11"
    assert "no attempt is open" in json.dumps(outcome["details"]["what_now"])
    assert "phase: idle" in _type(state, "show", "orders").stdout
    done = _type(run, "plans/orders", "--window", "0", "11", "--format", "json")
    assert (done.exit_code, json.loads(done.stdout)["rows"]) == (0, 10)


def test_a_run_of_a_given_window_is_resumed_with_it(here: Path) -> None:
    _on_target(BREAK)
    stopped = _type(run, "plans/orders", "--window", "0", "6", "--apply-setup", "--format", "json")
    run_id = json.loads(stopped.stdout)["run_id"]
    _on_target("ALTER TABLE orders_copy DISABLE TRIGGER broken")
    resumed = _type(resume, run_id, "--from-stage", "apply", "--yes", "--format", "json")
    assert (resumed.exit_code, json.loads(resumed.stdout)["run_id"]) == (0, run_id)
    receipt = json.loads(_type(runs, "show", run_id, "--format", "json").stdout)["receipt"]
    assert receipt["window"] == {"low": "0", "high": "6"}


def test_an_unfinished_run_is_resumed_or_aborted(here: Path) -> None:
    _on_target(BREAK)
    stopped = _type(run, "plans/orders", "--apply-setup", "--format", "json")
    outcome = json.loads(stopped.stdout)
    assert (stopped.exit_code, outcome["code"], outcome["step"]) == (5, "DP424", "delete_all")
    plan = _type(resume, outcome["run_id"], "--from-stage", "apply")
    assert (plan.exit_code, "nothing was changed" in plan.stdout) == (0, True)
    _on_target("ALTER TABLE orders_copy DISABLE TRIGGER broken")
    resumed = _type(resume, outcome["run_id"], "--from-stage", "apply", "--yes", "--format", "json")
    assert (resumed.exit_code, json.loads(resumed.stdout)["run_id"]) == (0, outcome["run_id"])
    _on_target("ALTER TABLE orders_copy ENABLE TRIGGER broken")
    again = json.loads(_type(run, "plans/orders", "--format", "json").stdout)
    assert "phase: done" in _type(runs, "abort", again["run_id"]).stdout
    nothing = _type(runs, "abort", again["run_id"])
    assert (nothing.exit_code, "DP428" in nothing.stderr) == (1, True)


def test_a_resume_without_a_record_tells_how_its_run_ended(here: Path) -> None:
    _on_target(BREAK)
    run_id = json.loads(_type(run, "plans/orders", "--apply-setup", "--format", "json").stdout)["run_id"]
    _on_target("ALTER TABLE orders_copy DISABLE TRIGGER broken")
    (here / "taken").write_text("a file")
    words = (run_id, "--from-stage", "apply", "--yes", "--artifact-dir", "taken", "--format", "json")
    resumed = _type(resume, *words)
    outcome = json.loads(resumed.stdout)
    assert (resumed.exit_code, outcome["status"], outcome["details"]) == (0, "done", {"artifact_path": ""})
    assert "no record of this resume: taken: File exists" in resumed.stderr


def test_a_missing_connection_is_a_refusal(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DPONE_CONN_DST")
    refused = _type(run, "plans/orders")
    assert (refused.exit_code, "DPONE_CONN_DST" in refused.stderr) == (1, True)
    assert _type(run, "nowhere").exit_code == 1
