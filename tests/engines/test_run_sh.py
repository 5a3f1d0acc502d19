"""run.sh on a real Postgres: the second interpreter of the same steps, with the same decisions."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.driver.shell import render_run_sh
from tests.engine_fixtures import FreshDatabase
from tests.hand_bundle import SETUP, write_hand_bundle

ROWS = 20_000
AWKWARD = "tab\t quote ' back\\slash \n newline, $(id) `id` \N{SNOWMAN}"


@pytest.fixture
def database(pg_wheel_db: FreshDatabase) -> str:
    """Source with awkward rows, empty target, state table."""
    url = pg_wheel_db()
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(
            "CREATE TABLE orders (id int, note text); CREATE TABLE orders_copy (id int, note text); CREATE SCHEMA staging"
        )
        session.execute("INSERT INTO orders SELECT i, %s || i FROM generate_series(1, %s) i", (AWKWARD, ROWS))
        session.execute("INSERT INTO orders VALUES (0, NULL), (-1, '')")
        session.execute(SETUP)
    return url


def _bundle(folder: Path, **bodies: str) -> Path:
    doc = write_hand_bundle(folder, doc_fingerprint="f1", **bodies)
    script = folder / "run.sh"
    script.write_text(render_run_sh(doc), encoding="utf-8")
    script.chmod(0o755)
    return script


def _run(script: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DPONE_CONN_SRC": url, "DPONE_CONN_DST": url}
    argv = (str(script), *words)
    return subprocess.run(
        argv, env=environ, cwd=script.parent.parent, capture_output=True, text=True, timeout=60, check=False
    )


def _one(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as session:
        row = session.execute(query).fetchone()
        return row[0] if row and len(row) == 1 else row


DIFFERENCE = "SELECT count(*) FROM (TABLE orders EXCEPT ALL TABLE orders_copy) a"


def test_the_script_is_clean(tmp_path: Path) -> None:
    script = _bundle(tmp_path / "b")
    subprocess.run(("bash", "-n", script), check=True)
    done = subprocess.run(("shellcheck", script), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_loads_every_value_and_commits(database: str, tmp_path: Path) -> None:
    script = _bundle(tmp_path / "b")
    done = _run(script, database)
    assert done.returncode == 0, done.stderr
    assert _one(database, DIFFERENCE) == 0
    assert _one(database, "SELECT phase, watermark FROM dponec.dponec_state") == ("done", str(ROWS + 1))
    assert _run(script, database).returncode == 0


def test_refusals_are_the_runtimes(database: str, tmp_path: Path) -> None:
    script = _bundle(tmp_path / "b")
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("INSERT INTO orders_copy VALUES (1, 'foreign')")
    refused = _run(script, database)
    assert (refused.returncode, "DP411" in refused.stderr, "dponec state adopt" in refused.stderr) == (1, True, True)
    unreachable = _run(script, "postgresql://postgres:secret@127.0.0.1:1/x")
    assert (unreachable.returncode, "DP421" in unreachable.stderr) == (4, True)
    assert "secret" not in unreachable.stdout + unreachable.stderr
    assert _run(script, database, "--nonsense").returncode == 2
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("DROP SCHEMA dponec CASCADE")
    missing = _run(script, database)
    assert (missing.returncode, "DP416" in missing.stderr) == (1, True)


def test_a_failed_check_and_then_the_same_run_goes_on(database: str, tmp_path: Path) -> None:
    failing = "DO $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = 'DP512'; END $$"
    refused = _run(_bundle(tmp_path / "b", delete_all=failing), database)
    assert (refused.returncode, "DP512: broken" in refused.stderr) == (1, True), refused.stderr
    run_id, phase = _one(database, "SELECT run_id, phase FROM dponec.dponec_state")  # type: ignore[misc]
    assert (phase, _one(database, "SELECT count(*) FROM orders_copy")) == ("staged", 0)
    done = _run(_bundle(tmp_path / "elsewhere/b"), database)
    assert (done.returncode, f"continue run {run_id}" in done.stderr) == (0, True), done.stderr
    assert _one(database, DIFFERENCE) == 0


# The server says what a severity is called in the language of lc_messages.
_GERMAN = """#!/bin/bash
exec {psql} "$@" 2> >(sed -e 's/NOTICE:/HINWEIS:/' -e 's/ERROR:/FEHLER:/' >&2)
"""


def test_a_server_of_another_language_shows_no_value(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psql = tmp_path / "bin" / "psql"
    psql.parent.mkdir()
    psql.write_text(_GERMAN.format(psql=shutil.which("psql")), encoding="utf-8")
    psql.chmod(0o755)
    monkeypatch.setenv("PATH", f"{psql.parent}:{os.environ['PATH']}")
    body = "DO $$ BEGIN RAISE NOTICE 'by the way'; END $$; SELECT 'geheim'::int"
    done = _run(_bundle(tmp_path / "b", delete_all=body), database)
    assert "DP424: [22P02] a value does not fit (not shown)" in done.stderr, done.stderr
    assert "geheim" not in done.stdout + done.stderr


def test_no_password_is_asked_for(tmp_path: Path) -> None:
    script = _bundle(tmp_path / "b").read_text(encoding="utf-8")
    assert all(" -w " in line for line in script.splitlines() if "psql -X" in line)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_stopped_script_leaves_nothing_half_done(database: str, tmp_path: Path, sent: int, code: int) -> None:
    script = _bundle(
        tmp_path / "b", insert_staged="INSERT INTO orders_copy SELECT * FROM staging.orders_rows; SELECT pg_sleep(20)"
    )
    environ = {**os.environ, "DPONE_CONN_SRC": database, "DPONE_CONN_DST": database}
    process = subprocess.Popen([str(script)], env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True)
    active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 20
    while _one(database, active) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(sent)
    process.communicate(timeout=15) if sent == signal.SIGTERM else process.wait(15)
    assert process.returncode == code
    run_id, rows = _one(database, "SELECT run_id, (SELECT count(*) FROM orders_copy) FROM dponec.dponec_state")  # type: ignore[misc]
    assert rows == 0
    with psycopg.connect(
        database, autocommit=True
    ) as session:  # the zombie of a killed script would end by its fence later
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()"
        )
    resumed = _run(_bundle(tmp_path / "again"), database, "--resume", run_id)
    assert resumed.returncode == 0, resumed.stderr
    assert _one(database, DIFFERENCE) == 0
