"""What a role, a database or the shell sets by default changes nothing: neither executor lets it into its sessions."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import PG_MERGE
from tests.faults.conftest import new_postgres_lab
from tests.faults.executors import EXECUTORS, run_by
from tests.faults.lab import Lab
from tests.faults.zygote import Zygote

# No index decides which row of a key is the one: only the lock of the target does.
_UNDECIDED = replace(PG_MERGE, before="ALTER TABLE dwh.orders DROP CONSTRAINT orders_pkey")
_ISOLATION = {"default_transaction_isolation": "repeatable read"}
_DEFAULTS = {
    "default_transaction_read_only": "on",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "extra_float_digits": "-15",
    "lc_monetary": "POSIX",
}
# What it sees of the session that writes.
_WATCHED = """CREATE FUNCTION dwh.watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('DateStyle') NOT LIKE 'ISO%' THEN RAISE EXCEPTION 'DateStyle %', current_setting('DateStyle'); END IF;
    IF current_setting('lc_monetary') <> 'C' THEN RAISE EXCEPTION 'lc_monetary %', current_setting('lc_monetary'); END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER watch BEFORE INSERT ON dwh.orders FOR EACH ROW EXECUTE FUNCTION dwh.watch()"""
_BOTH = pytest.mark.parametrize("executor", EXECUTORS)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('dponec:dwh.orders', 0))"
_WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def lab(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> Lab:
    """A loaded target without an index, and changes to carry."""
    made = new_postgres_lab(_UNDECIDED, zygote, tmp_path, pg_wheel, lock_timeout=1)
    made.ready()
    made.change()
    return made


@contextmanager
def _database_says(url: str, defaults: Mapping[str, str]) -> Iterator[None]:
    name = urlsplit(url).path.strip("/")
    with psycopg.connect(url, autocommit=True) as session:
        for setting, value in defaults.items():
            session.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'".encode())
        yield
        session.execute(f"ALTER DATABASE {name} RESET ALL".encode())


@contextmanager
def _another_load(lab: Lab, doubled: int) -> Iterator[threading.Thread]:
    """It has the lock of the target, writes a row that this run has too, and commits once this run waits for the lock."""
    with psycopg.connect(lab.target.url) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE")
        other.execute(_LOCK)

        def goes_on() -> None:
            with psycopg.connect(lab.target.url, autocommit=True) as session:
                deadline = time.monotonic() + 20
                while session.execute(_WAITS).fetchone() == (0,) and time.monotonic() < deadline:
                    time.sleep(0.01)
            other.execute(
                "INSERT INTO dwh.orders SELECT id, 'other', day, note, amount, updated_at FROM dwh.orders WHERE id = %s",
                (doubled,),
            )
            other.commit()  # fmt: skip

        thread = threading.Thread(target=goes_on)
        thread.start()
        yield thread
        thread.join(30)


@_BOTH
def test_two_loads_into_one_target_do_not_double_a_key(lab: Lab, executor: str) -> None:
    there = {int(cells[0]) for cells in lab.target.rows()}
    changed = next(number for number, row in lab.model.rows.items() if number in there and row.cells() not in lab.target.rows()
                   and row.status != "draft")  # fmt: skip
    with _another_load(lab, changed), _database_says(lab.target.url, _ISOLATION):
        code, told = run_by(lab, executor)
    assert code == 0, told
    lab.check()


@_BOTH
def test_the_shell_says_nothing_of_values(lab: Lab, executor: str) -> None:
    lab.target.execute(_WATCHED)
    code, told = run_by(lab, executor, PGDATESTYLE="SQL, DMY", PGTZ="Asia/Tokyo", PGGEQO="off", POSIXLY_CORRECT="1")
    assert code == 0, told
    lab.check()


@_BOTH
def test_defaults_and_options_of_the_url_do_not_undo_what_is_pinned(lab: Lab, executor: str) -> None:
    lab.target.execute(_WATCHED)
    url = lab.environ()["DPONE_CONN_FAULTS_TARGET"]
    options = "-c%20default_transaction_read_only%3Don%20-c%20DateStyle%3DSQL"
    with _database_says(lab.source_url, _DEFAULTS), _database_says(lab.target.url, _DEFAULTS):
        code, told = run_by(lab, executor, DPONE_CONN_FAULTS_TARGET=f"{url}?options={options}")
    assert code == 0, told
    lab.check()


def test_run_sh_takes_the_steps_beside_it(lab: Lab) -> None:
    """A folder of the same name elsewhere, which the shell's CDPATH names, holds another bundle."""
    elsewhere = lab.folder / "elsewhere"
    shutil.copytree(lab.bundle, elsewhere / lab.bundle.name)
    for step in (elsewhere / lab.bundle.name).glob("steps/*.sql"):
        step.write_text("DO $$ BEGIN RAISE EXCEPTION 'the steps of another bundle'; END $$", encoding="utf-8")
    done = subprocess.run(
        ["bash", f"{lab.bundle.name}/run.sh"], cwd=lab.bundle.parent, env=lab.environ(CDPATH=str(elsewhere)),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
