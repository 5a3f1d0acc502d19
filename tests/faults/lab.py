"""One load between a source and a target of its own: change the source, start runs, break them, compare with the model."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from dpone_compiler.frontends.catalog.read import write_catalog
from dpone_compiler.introspect.clickhouse import read_clickhouse
from dpone_compiler.introspect.postgres import read_postgres
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from tests.faults.cases import Case
from tests.faults.model import Model, Row
from tests.faults.targets import CHANGES_SQL, SOURCE_SQL, ClickHouseTarget, PostgresTarget, Target, wrong_versions
from tests.faults.trap import Trap
from tests.faults.zygote import TRACEBACK, Ended, Started, Zygote

PASSWORD = "s3ntinel-Pa55word"
_WRITE = """INSERT INTO public.orders VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET status = excluded.status,
  day = excluded.day, note = excluded.note, amount = excluded.amount, updated_at = excluded.updated_at"""


def with_password(url: str, port: int | None = None) -> str:
    """The same server with a user and a password that must appear nowhere, perhaps through another port."""
    parts = urlsplit(url)
    user = parts.username or "default"
    return f"{parts.scheme}://{user}:{PASSWORD}@127.0.0.1:{port or parts.port}{parts.path}"


@dataclass(frozen=True, slots=True)
class Held:
    """A run whose statement is with the server, and whose answer is not with the run."""

    run: Started
    trap: Trap

    def ends(self) -> Ended:
        """Let it go on to whatever end, which may not be a traceback nor show a password."""
        self.trap.release()
        try:
            ended = self.run.wait()
        finally:
            self.trap.close()
        assert TRACEBACK not in ended.stderr, str(ended)
        assert PASSWORD not in ended.stdout + ended.stderr
        return ended


class Lab:
    """`source_url`, `target_url`: empty databases. Several folders stand for several machines."""

    def __init__(
        self,
        case: Case,
        zygote: Zygote,
        folder: Path,
        source_url: str,
        target_url: str,
        *,
        rows: int = 200,
        note_size: int = 0,
        lease: int = 60,
        lock_timeout: int = 30,
    ) -> None:
        self.case, self.folder, self.source_url = case, folder, source_url
        self._zygote = zygote
        self.target: Target = (
            PostgresTarget(target_url)
            if case.target == "postgres"
            else ClickHouseTarget(target_url, legacy=case.legacy)
        )
        self.bundle = folder / "plans" / case.name
        self.home = self.machine("home")
        with psycopg.connect(source_url, autocommit=True) as session:
            session.execute(SOURCE_SQL)
            if case.reads != "orders":
                session.execute(CHANGES_SQL)
        self.target.create(case)
        if case.before:
            self.target.execute(case.before)
        self.model = Model(rows, note_size)
        self._write(list(self.model.rows.values()), [])
        self._compile(lease, lock_timeout)

    def machine(self, name: str) -> Path:
        """A folder that `dponec` is started in; its journal is below it."""
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    # ---- the source ----------------------------------------------------------------------------------------------

    def change(self) -> None:
        """Let time pass over the source."""
        case = self.case
        if case.sliced:
            self.target.forget_slices()
        self._write(*self.model.change(inserts=case.inserts, updates=case.updates, deletes=case.deletes))

    def _write(self, rows: list[Row], deleted: list[int]) -> None:
        values = [(r.id, r.status, r.day, r.note, r.amount, r.updated_at) for r in rows]
        with psycopg.connect(self.source_url) as session, session.cursor() as cursor:
            cursor.executemany(_WRITE, values)
            cursor.execute("DELETE FROM public.orders WHERE id = ANY(%s)", (deleted,))

    # ---- runs ----------------------------------------------------------------------------------------------------

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a run: both connections, each with a password."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "DPONE_CONN_FAULTS_SOURCE": self._address("source"),
            "DPONE_CONN_FAULTS_TARGET": self._address("target"),
            **more,
        }

    def _address(self, side: str, port: int | None = None) -> str:
        """Of a side, perhaps through another port; with a password where the server takes any."""
        url = with_password(self.source_url if side == "source" else self.target.url, port)
        return url.replace(f":{PASSWORD}@", "@") if self.case.legacy and side == "target" else url

    def through(self, side: str, trap: Trap) -> dict[str, str]:
        """The variable that leads one side through a trap."""
        return {f"DPONE_CONN_FAULTS_{side.upper()}": self._address(side, trap.port)}

    def port(self, side: str) -> int:
        """Where a side's server listens."""
        port = urlsplit(self.source_url if side == "source" else self.target.url).port
        assert port is not None
        return port

    def start(self, *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Started:
        """Start `dponec run` of the bundle."""
        argv = ("run", str(self.bundle), "--format", "json", *words)
        return self._zygote.start(argv, self.environ(**(env or {})), cwd or self.home)

    def call(self, *words: str) -> Ended:
        """Another command of `dponec`, to its end."""
        return self._zygote.start((*words, "--format", "json"), self.environ(), self.home).wait()

    def run(self, *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ended:
        """Run to the end, whatever end it is. No end may be a traceback or show a password."""
        ended = self.start(*words, cwd=cwd, env=env).wait()
        assert TRACEBACK not in ended.stderr, str(ended)
        assert PASSWORD not in ended.stdout + ended.stderr
        return ended

    def done(self, *words: str, cwd: Path | None = None) -> dict[str, Any]:
        """Run, and it must end well."""
        ended = self.run(*words, cwd=cwd)
        assert ended.code == 0, str(ended)
        return ended.outcome

    def held(self, side: str, *markers: bytes, extra: int = 0, env: Mapping[str, str] | None = None) -> Held:
        """Start a run and hold it with a statement under way."""
        trap = Trap(self.port(side), *markers, extra=extra)
        started = self.start(env={**(env or {}), **self.through(side, trap)})
        while not trap.fired.wait(0.005):
            ended = started.poll()
            if ended is not None:
                trap.close()
                raise AssertionError(f"the run ended before the statement: {ended}")
        return Held(started, trap)

    def kill_at(self, point: str) -> str:
        """Run with DPONEC_FAULT; where the process says it died, '' when it did not."""
        ended = self.run(env={"DPONEC_FAULT": point, "DPONEC_TESTING": "1"})
        if ended.code == 0:
            return ""
        assert ended.code == -signal.SIGKILL, str(ended)
        return next(line for line in ended.stderr.splitlines() if line.startswith("DPONEC_FAULT landed")).split(" ", 2)[
            2
        ]

    def kill_in(self, side: str, *markers: bytes, extra: int = 0, answered: bool = False) -> bool:
        """Kill the run with a statement of it under way on the server; False when it never sent that statement."""
        with Trap(self.port(side), *markers, extra=extra) as trap:
            started = self.start(env=self.through(side, trap))
            waited = trap.answered if answered else trap.fired
            while not waited.wait(0.005):
                if (ended := started.poll()) is not None:
                    assert ended.code == 0, str(ended)
                    return False
            started.signal(signal.SIGKILL)
            assert started.wait().code == -signal.SIGKILL
        return True

    # ---- what must hold ------------------------------------------------------------------------------------------

    def ready(self) -> None:
        """A clean, loaded target, whatever an earlier test left."""
        if not self.finished() or self.problems():
            self.done("--apply-setup")
            self.check()

    def check(self) -> None:
        """The target equals the reference, nothing is left behind, and the state row agrees with the data."""
        found = self.problems()
        assert not found, "; ".join(found)

    def problems(self) -> list[str]:
        """What is wrong, in words."""
        self.settle()
        found: list[str] = []
        rows, expected = self.target.rows(), self._expected()
        if rows != expected:
            missing, extra = set(expected) - set(rows), set(rows) - set(expected)
            found.append(f"{len(rows)} rows instead of {len(expected)}; missing {len(missing)}, extra {len(extra)}: "
                         f"{sorted(missing, key=str)[:2]} {sorted(extra, key=str)[:2]}")  # fmt: skip
        if self.case.marked and (wrong := self.target.marked() - self.model.drafts()):
            found.append(f"marked as deleted, and alive: {sorted(wrong)[:5]}")
        if self.case.history:
            found += wrong_versions(self.target.versions())[:3]
        if self.target.staging():
            found.append(f"staging is left: {self.target.staging()}")
        state = self.target.state()
        if state is None or state.phase != "done" or state.owner or state.run_id != state.committed_run_id:
            found.append(f"state {state}")
        elif state.window_high and "updated_at" in self.case.source:
            newest = max(cells[-1] for cells in rows)
            if state.watermark != state.window_high or state.watermark.replace("T", " ") <= newest:
                found.append(f"watermark {state.watermark}, window {state.window_high}, newest row {newest}")
        return found

    def no_op(self) -> None:
        """A further run changes nothing."""
        before = self.target.rows()
        outcome = self.done()
        assert self.target.rows() == before
        incremental = "cursor" in self.case.source or self.case.sliced
        assert outcome["rows"] == (0 if incremental else len(before))
        self.check()

    def finished(self) -> bool:
        """Whether the last attempt is done."""
        state = self._state_or_none()
        return state is not None and state.phase == "done"

    def settle(self) -> None:
        """Wait for server processes of dead clients to be gone: while one stands, the horizon does not move."""
        with psycopg.connect(self.source_url, autocommit=True) as session:
            sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dponec'"
            deadline = time.monotonic() + 20
            while session.execute(sql).fetchone() != (0,):
                assert time.monotonic() < deadline, "a session of a dead client stays"
                time.sleep(0.01)

    def forget(self) -> None:
        """Delete the journal."""
        shutil.rmtree(self.home / ".dponec", ignore_errors=True)

    def _expected(self) -> list[Any]:
        every = [row.cells() for _, row in sorted(self.model.rows.items())]
        expected = self.model.expected() if self.case.filtered else every
        return [(*cells[:-1], cells[-1].partition(".")[0]) for cells in expected] if self.case.legacy else expected

    def _state_or_none(self) -> Any:
        try:
            return self.target.state()
        except (psycopg.Error, RuntimeError):
            return None

    # ---- compiling -----------------------------------------------------------------------------------------------

    def _compile(self, lease: int, lock_timeout: int) -> None:
        database = urlsplit(self.target.url).path.strip("/")
        schema = "dwh" if self.case.target == "postgres" else database
        (self.folder / "catalog").mkdir(exist_ok=True)
        for name, url, table in (
            ("faults_source", self.source_url, TableRef("public", self.case.reads)),
            ("faults_target", self.target.url, TableRef(schema, "orders")),
        ):
            session = open_session(parse_url(name, url))
            read = read_postgres if url.startswith("postgresql") else read_clickhouse
            try:
                found = read(session, (table,))
            except LookupError:  # a target that the plan makes
                found = read(session, ())
            text = write_catalog(name, *found)
            session.close()
            (self.folder / "catalog" / f"{name}.yaml").write_text(text, encoding="utf-8")
        (self.folder / "load.yaml").write_text(self.case.manifest(database, lease, lock_timeout), encoding="utf-8")
        words = ("compile", "load.yaml", "-o", "plans", "--catalog", "catalog", "--no-cache")
        ended = self._zygote.start(words, self.environ(), self.folder).wait()
        assert ended.code == 0, str(ended)
