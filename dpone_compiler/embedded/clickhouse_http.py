"""Start ClickHouse from a wheel: chDB behind its HTTP facade, as a server process."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from http.client import HTTPConnection, HTTPException
from importlib import metadata
from pathlib import Path

from dpone_compiler.embedded.engine import Engine, start_on_free_port
from dpone_compiler.embedded.process import EngineError, Recipe


def start_chdb(data_dir: Path | None = None, *, timezone: str = "UTC") -> Engine:
    """Start chDB on `data_dir`, or on a temporary folder that goes when it stops. `timezone`: the server's own.

    The folder survives ``kill()`` and ``restart()``: what an INSERT acknowledged is there again.
    """
    if chdb_version() is None:
        raise EngineError("no embedded ClickHouse: pip install 'dpone-compiler[embedded]'")
    scratch: tuple[Path, ...] = ()
    if data_dir is None:
        data_dir = Path(tempfile.mkdtemp(prefix="dponec-chdb-"))
        scratch = (data_dir,)
    data_dir.mkdir(parents=True, exist_ok=True)
    data = data_dir.resolve()
    # The server must import this package from where we did, also when it was never installed.
    home = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))

    def recipe_for(port: int) -> Recipe:
        module = "dpone_compiler.embedded.chdb_server"
        return Recipe(
            name="chdb",
            argv=(sys.executable, "-m", module, "--data-dir", str(data / "store"), "--port", str(port)),
            cwd=data,
            log=data / "server.log",
            ready=lambda _pid: answers_ping(port),
            env={**os.environ, "PYTHONPATH": search, "TZ": timezone},
            scratch=scratch,
        )

    try:
        port, process = start_on_free_port(recipe_for)
    except BaseException:
        for folder in scratch:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    url = f"clickhouse+http://127.0.0.1:{port}/default"
    return Engine(name="chdb", url=url, port=port, data_dir=data, process=process)


def chdb_version() -> str | None:
    """The version of the chdb-core wheel; None when it is not installed."""
    try:
        return metadata.version("chdb-core")
    except metadata.PackageNotFoundError:
        return None


def answers_ping(port: int) -> bool:
    """Whether a ClickHouse answers on the HTTP port."""
    client = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        client.request("GET", "/ping")
        return client.getresponse().read() == b"Ok.\n"
    except (OSError, HTTPException):
        return False
    finally:
        client.close()
