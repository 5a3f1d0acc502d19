"""Start a ClickHouse server binary, such as Debian's 18.16, with a configuration of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from dpone_compiler.embedded.clickhouse_http import answers_ping
from dpone_compiler.embedded.engine import Engine, start_on_free_port
from dpone_compiler.embedded.host import free_port
from dpone_compiler.embedded.process import EngineError, Recipe

_FOLDERS = ("path", "tmp_path", "user_files_path", "format_schema_path")
_USERS = {
    "profiles/default/max_memory_usage": "10000000000",
    "profiles/default/load_balancing": "random",
    "users/default/password": "",
    "users/default/networks/ip": "127.0.0.1",
    "users/default/profile": "default",
    "users/default/quota": "default",
    "quotas/default/interval/duration": "3600",
}


class ClickHouseServer(Engine):
    """A running server; `url` is its HTTP address."""

    native_port: int

    @property
    def native_url(self) -> str:
        """The address of the native TCP interface."""
        return self.native_url_for("default")

    def native_url_for(self, database: str) -> str:
        """The native address of another database."""
        return f"clickhouse://127.0.0.1:{self.native_port}/{database}"

    @property
    def http_url(self) -> str:
        """The address of the HTTP interface."""
        return self.url


def start_clickhouse_server(
    binary: str = "clickhouse-server", data_dir: Path | None = None, *, timezone: str = "UTC"
) -> ClickHouseServer:
    """Start `binary` (one word, or ``clickhouse server``) on `data_dir`, or on a temporary folder. `timezone`: the server's own."""
    argv = _resolved(binary)
    scratch: tuple[Path, ...] = ()
    if data_dir is None:
        data_dir = Path(tempfile.mkdtemp(prefix="dponec-clickhouse-"))
        scratch = (data_dir,)
    data_dir.mkdir(parents=True, exist_ok=True)
    data = data_dir.resolve()
    native: dict[int, int] = {}

    def recipe_for(port: int) -> Recipe:
        native[port] = free_port()
        config = _write_configuration(data, port, native[port], timezone)
        return Recipe(
            name="clickhouse-server",
            argv=(*argv, f"--config-file={config}"),
            cwd=data,
            log=data / "server.log",
            ready=lambda _pid: answers_ping(port),
            env={**os.environ, "TZ": timezone},
            scratch=scratch,
        )

    try:
        port, process = start_on_free_port(recipe_for)
    except BaseException:
        for folder in scratch:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    url = f"clickhouse+http://127.0.0.1:{port}/default"
    server = ClickHouseServer(name="clickhouse-server", url=url, port=port, data_dir=data, process=process)
    server.native_port = native[port]
    return server


def clickhouse_server_version(binary: str = "clickhouse-server") -> str | None:
    """The version of the binary's client, such as ``18.16.1``; None when there is no server.

    The server of 2018 has no ``--version``; its client, from the same build, has.
    """
    try:
        client = _resolved(binary)[0].replace("clickhouse-server", "clickhouse-client").replace("/sbin/", "/bin/")
        done = subprocess.run((client, "--version"), capture_output=True, text=True, check=True)
    except (EngineError, OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"version (\d+(?:\.\d+)*)", done.stdout)
    return found[1] if found else None


def _resolved(binary: str) -> tuple[str, ...]:
    program, *rest = binary.split()
    path = shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))
    if path is None:
        raise EngineError(f"no {program}: apt-get install clickhouse-server clickhouse-client")
    return path, *rest


def _write_configuration(data: Path, http_port: int, tcp_port: int, timezone: str) -> Path:
    settings = {
        "logger/level": "warning",
        "logger/console": "1",
        "listen_host": "127.0.0.1",
        "http_port": str(http_port),
        "tcp_port": str(tcp_port),
        **{name: f"{data / name}/" for name in _FOLDERS},
        "users_config": str(data / "users.xml"),
        "default_profile": "default",
        "default_database": "default",
        "mark_cache_size": "5368709120",
        "timezone": timezone,
    }
    for name in _FOLDERS:
        (data / name).mkdir(exist_ok=True)
    _write_xml(data / "users.xml", _USERS)
    _write_xml(data / "config.xml", settings)
    return data / "config.xml"


def _write_xml(file: Path, settings: Mapping[str, str]) -> None:
    # `yandex` was the only root element until 21.10, and is still accepted after it.
    root = ET.Element("yandex")
    for path, value in settings.items():
        here = root
        for name in path.split("/"):
            found = here.find(name)
            here = ET.SubElement(here, name) if found is None else found
        here.text = value
    ET.ElementTree(root).write(file, encoding="utf-8")
