"""Where the demonstration happens: three engines, one folder for all that is written, and `dponec` as a child process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from dpone_compiler.embedded.account import unprivileged
from dpone_compiler.embedded.clickhouse_http import chdb_version, start_chdb
from dpone_compiler.embedded.postgres import postgres_version, start_postgres
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import resolve_connection

_DPONEC = "from dpone_compiler.cli.main import main; main()"


class DemoError(Exception):
    """The demonstration cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class World:
    """The engines' addresses by connection id, and the folders."""

    urls: Mapping[str, str]
    versions: Mapping[str, str]
    examples: Path  # the folder `examples`, with its catalog
    kept: Path  # bundles and journals
    environment: Mapping[str, str]

    def ask(self, connection: str, statement: str) -> tuple[tuple[str | None, ...], ...]:
        """Run one statement behind dponec's back; the rows as texts."""
        url = resolve_connection(connection, environ=self.environment, file=None)
        session = open_session(url)
        try:
            return tuple(tuple(row) for row in session.run(statement, {}).rows)
        finally:
            session.close()

    def dponec(self, *words: str, fails: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
        """`dponec` in a process of its own. A failure ends the demonstration unless it is expected."""
        done = subprocess.run(
            (sys.executable, "-c", _DPONEC, *words),
            cwd=self.examples.parent,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and not fails:
            # A reproducer lies among the temporary files, which do not outlive us.
            crash = "".join(path.read_text() for path in Path(self.environment["TMPDIR"]).glob("dponec-crash-*"))
            told = f"{done.stdout}{done.stderr}{crash}"
            raise DemoError(f"dponec {' '.join(words)} ended with {done.returncode}:\n{told}")
        return done

    def run(self, load: str, *words: str) -> dict[str, Any]:
        """`dponec run` of a load's bundle; its outcome."""
        done = self.dponec(*self.run_words(load), *words, "--format", "json")
        outcome: dict[str, Any] = json.loads(done.stdout)
        return outcome

    def run_words(self, load: str) -> tuple[str, ...]:
        """The words after `dponec` that run a load."""
        return ("run", str(self.bundle(load)), "--journal-dir", str(self.kept / "runs"))

    def state(self, load: str) -> dict[str, str]:
        """The load's state row in its target."""
        shown: dict[str, str] = json.loads(
            self.dponec("state", "show", str(self.bundle(load)), "--format", "json").stdout
        )
        return shown

    def bundle(self, load: str) -> Path:
        """Where the load's bundle is."""
        return self.kept / "plans" / load


@contextmanager
def make_world(keep: Path | None) -> Iterator[World]:
    """Start the engines; at the end stop them and remove everything but `keep`."""
    with ExitStack() as stack:
        scratch = stack.enter_context(_scratch())
        source, target = (stack.enter_context(start_postgres()) for _ in range(2))
        clickhouse = stack.enter_context(start_chdb())
        urls = {"demo_source": source.url, "demo_pg": target.url, "demo_ch": clickhouse.url}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DPONE", "PG")) and name != "XDG_RUNTIME_DIR"
        }
        yield World(
            urls=urls,
            versions={"Postgres": postgres_version() or "", "ClickHouse": chdb_version() or ""},
            examples=examples_folder(),
            kept=keep.resolve() if keep else scratch,
            environment={
                **inherited,
                **{f"DPONE_CONN_{name.upper()}": url for name, url in urls.items()},
                "DPONEC_CACHE_DIR": str(scratch / "cache"),
                "TMPDIR": str(scratch),
                "NO_COLOR": "1",
            },
        )


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for all temporary files, of the engines too; it is gone afterwards."""
    before = tempfile.tempdir
    scratch = Path(tempfile.mkdtemp(prefix="dponec-demo-", dir=_temporary_folder()))
    scratch.chmod(0o755)  # a server that refuses root runs as nobody, below this folder
    tempfile.tempdir = str(scratch)
    try:
        yield scratch
    finally:
        tempfile.tempdir = before
        shutil.rmtree(scratch, ignore_errors=True)


def _temporary_folder() -> Path:
    """That of the user; of root, whose own may be closed, one that the servers' account can enter."""
    own, account = Path(tempfile.gettempdir()), unprivileged()
    if account is None:
        return own
    fitting = (each for each in (own, Path("/tmp"), Path("/var/tmp")) if each.is_dir() and account.can_enter(each))
    return next(fitting, own)


def examples_folder() -> Path:
    """The examples: beside the package in a checkout, inside it in a wheel."""
    package = Path(str(files("dpone_compiler")))
    for folder in (package / "_demo" / "examples", package.parent / "examples"):
        if (folder / "catalog").is_dir():
            return folder
    raise DemoError("the examples are not there: clone the repository")
