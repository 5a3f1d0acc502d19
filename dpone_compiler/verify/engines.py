"""The engines that bundles are verified on: started when the first bundle needs them, and ended together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

from dpone_compiler.embedded.clickhouse_http import chdb_version, start_chdb
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import postgres_version, start_postgres
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from dpone_compiler.sql.clickhouse_names import ident
from dpone_compiler.sql.render import frame
from dpone_compiler.verify.postgres_side import word

_WHEELS = "pip install 'dpone-compiler[embedded,postgres]'"
_SYSTEM = re.compile(r"default|system|information_schema", re.IGNORECASE)


def missing_engine(engine: str) -> str:
    """Why nothing can be run on this engine here; '' when it can."""
    found = {"postgres": postgres_version, "clickhouse": chdb_version}.get(engine)
    if found is None:
        return f"no engine: there is no {engine} that dponec can start"
    return "" if found() else f"no engine: {_WHEELS}"


class Engines:
    """Databases on demand."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[str, Engine] = {}
        self._numbers = count(1)

    def version(self, engine: str) -> str:
        """Its name and version."""
        found = postgres_version() if engine == "postgres" else chdb_version()
        return f"{'Postgres' if engine == 'postgres' else 'ClickHouse'} {found}"

    def postgres_database(self) -> str:
        """The address of a new database."""
        engine = self._engine("postgres", start_postgres)
        name = f"verify{next(self._numbers)}"
        _run(engine.url, frame("CREATE DATABASE <<name>>", name=word(name)).text)
        return engine.url_for(name)

    def clickhouse(self) -> str:
        """The address of a ClickHouse without any database of ours."""
        engine = self._engine("clickhouse", start_chdb)
        for (name,) in _run(engine.url, "SELECT name FROM system.databases").rows:
            if name and not _SYSTEM.fullmatch(name):
                _run(engine.url, frame("DROP DATABASE <<name>>", name=ident(name)).text)
        return engine.url

    def _engine(self, name: str, start: Any) -> Engine:
        if name not in self._running:
            self._running[name] = self._stack.enter_context(start())
        return self._running[name]


def _run(url: str, body: str) -> Any:
    session = open_session(parse_url("verify", url))
    try:
        return session.run(body, {})
    finally:
        session.close()


@contextmanager
def make_engines() -> Iterator[Engines]:
    """Engines for some bundles."""
    with ExitStack() as stack:
        yield Engines(stack)
