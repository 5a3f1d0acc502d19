"""What this machine has for the native path of a route: modules are looked up as modules, programs as programs.

Nothing is run and no server is asked; `dponec preflight --live` adds the probes of servers.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

from dpone_compiler import registry
from dpone_compiler.spi.strategy import streaming

# Python modules that paths name by their distribution: import name and the extra that brings it.
_MODULES = {
    "psycopg": ("psycopg", "postgres"),
    "pyodbc": ("pyodbc", "mssql"),
    "clickhouse-driver": ("clickhouse_driver", "clickhouse"),
    "confluent-kafka": ("confluent_kafka", "kafka"),
    "google-cloud-bigquery": ("google.cloud.bigquery", "bigquery"),
}
# Who ships a program: the vendor's page says how it is installed.
_PROGRAMS = {
    "bcp": "Microsoft's mssql-tools18 (learn.microsoft.com/sql/linux/sql-server-linux-setup-tools), and bcp on PATH",
    "sqlcmd": "Microsoft's mssql-tools18 (learn.microsoft.com/sql/linux/sql-server-linux-setup-tools), and sqlcmd on PATH",
    "clickhouse-client": "the package clickhouse-client (clickhouse.com/docs/install)",
    "psql": "the package postgresql-client",
    "curl": "the package curl",
    "bq": "the Google Cloud CLI (cloud.google.com/sdk/docs/install)",
}


@dataclass(frozen=True, slots=True)
class ToolCheck:
    """One tool. `path`: where it is, None when it is not there; `install_hint`: what brings it."""

    name: str
    available: bool
    path: str | None
    install_hint: str


@dataclass(frozen=True, slots=True)
class ToolReport:
    """The tools of a route's path. `ready`: all are here; otherwise rows go by `fallback_path`."""

    path_id: str
    ready: bool
    tools: dict[str, ToolCheck]
    fallback_path: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def check_tools(
    source: str,
    sink: str,
    *,
    which: Callable[[str], str | None] = shutil.which,
    module: Callable[[str], str | None] | None = None,
) -> ToolReport:
    """Probe the tools of the path between two engine words."""
    registered = (each for each in registry.native_paths() if (each.source, each.sink) == (source, sink))
    path = next(registered, streaming(source, sink))
    find = module or _module
    tools = {name: _check(name, which, find) for name in path.tools}
    return ToolReport(
        path_id=path.name,
        ready=all(tool.available for tool in tools.values()),
        tools=tools,
        fallback_path=path.fallback,
    )


def _check(name: str, which: Callable[[str], str | None], find: Callable[[str], str | None]) -> ToolCheck:
    """`a or b`: any of them is enough."""
    choices = name.split(" or ")
    found = next((place for each in choices if (place := _place(each, which, find))), None)
    return ToolCheck(name, found is not None, found, " or ".join(_hint(each) for each in choices))


def _place(name: str, which: Callable[[str], str | None], find: Callable[[str], str | None]) -> str | None:
    return find(_MODULES[name][0]) if name in _MODULES else which(name)


def _hint(name: str) -> str:
    if name in _MODULES:
        return f'pip install "dpone-compiler[{_MODULES[name][1]}]"'
    return _PROGRAMS.get(name, f"a program named {name} on PATH")


def _module(name: str) -> str | None:
    """Where the module is; a parent that is not there is the same as none."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    return (spec.origin or "built in") if spec is not None else None
