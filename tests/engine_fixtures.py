"""Fixtures of the real engines: started at first use, once a worker; a database of its own for each test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

import pytest

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer, start_clickhouse_server
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
from tests import odbc, scriptdom
from tests.tiers import DEBIAN_POSTGRES

FreshDatabase = Callable[[], str]
"""Makes a new database and gives its address; the database goes when the test ends."""

_numbers = count(1)
_DROPS = 25


@pytest.fixture(scope="session")
def pg_wheel() -> Iterator[EmbeddedPostgres]:
    """The Postgres of the wheel, shared: do not kill it, start your own."""
    with start_postgres() as engine:
        yield engine


@pytest.fixture(scope="session")
def pg_debian() -> Iterator[EmbeddedPostgres]:
    """Debian's Postgres 15, shared."""
    with start_postgres(bin_dir=DEBIAN_POSTGRES) as engine:
        yield engine


@pytest.fixture(scope="session")
def chdb() -> Iterator[Engine]:
    """ClickHouse through chDB, shared."""
    with start_chdb() as engine:
        yield engine


@pytest.fixture(scope="session")
def clickhouse_server() -> Iterator[ClickHouseServer]:
    """Debian's ClickHouse server, shared; `native_url_for(database)` for the native protocol."""
    with start_clickhouse_server() as engine:
        yield engine


@pytest.fixture
def pg_wheel_db(pg_wheel: EmbeddedPostgres) -> Iterator[FreshDatabase]:
    """A new database of the wheel's Postgres at each call."""
    yield from _fresh(pg_wheel, _run_postgres)


@pytest.fixture
def pg_debian_db(pg_debian: EmbeddedPostgres) -> Iterator[FreshDatabase]:
    """A new database of Debian's Postgres at each call."""
    yield from _fresh(pg_debian, _run_postgres)


@pytest.fixture
def chdb_db(chdb: Engine) -> Iterator[FreshDatabase]:
    """A new database of chDB at each call."""
    yield from _fresh(chdb, run_clickhouse)


@pytest.fixture
def clickhouse_server_db(clickhouse_server: ClickHouseServer) -> Iterator[FreshDatabase]:
    """A new database of Debian's ClickHouse at each call; the address is the HTTP one."""
    yield from _fresh(clickhouse_server, run_clickhouse)


def _fresh(engine: Engine, run: Callable[[str, str], str]) -> Iterator[FreshDatabase]:
    made: list[str] = []

    def fresh_database() -> str:
        made.append(f"t{next(_numbers)}")
        # Copying the files of the template costs half of writing each of its blocks to the log, the default.
        run(engine.url, f"CREATE DATABASE {made[-1]}" + (" STRATEGY file_copy" if engine.name == "postgres" else ""))
        return engine.url_for(made[-1])

    yield fresh_database
    for name in made if engine.alive else ():
        _drop(engine, run, name)


def _drop(engine: Engine, run: Callable[[str, str], str], name: str) -> None:
    """A run that was killed may have a statement on the server yet: Postgres ends it, ClickHouse says to try again."""
    statement = f"DROP DATABASE IF EXISTS {name}" + (" WITH (FORCE)" if engine.name == "postgres" else "")
    for _ in range(_DROPS):
        try:
            run(engine.url, statement)
        except RuntimeError as error:
            if "DATABASE_NOT_EMPTY" not in str(error):
                raise
            time.sleep(0.2)
        else:
            return
    run(engine.url, statement)


def _run_postgres(url: str, sql: str) -> str:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        return str(connection.execute(sql.encode()).statusmessage)


def run_clickhouse(url: str, sql: str) -> str:
    """Run one statement over HTTP in the database of `url`, and give the answer's text."""
    address = urlsplit(url)
    client = HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        client.request("POST", f"/?database={address.path.strip('/')}", sql.encode())
        answer = client.getresponse()
        text = answer.read().decode()
    finally:
        client.close()
    if answer.status != 200:
        raise RuntimeError(text)
    return text


@pytest.fixture(scope="session")
def parse_tsql() -> Callable[[str], list[scriptdom.TsqlError]]:
    """Reads a script as SQL Server 2016 would; what it does not read, with line and column."""
    return lambda text: scriptdom.read(text)[1]


@pytest.fixture(scope="session")
def freetds_driver() -> str:
    """The path of FreeTDS's ODBC driver: as far as a connection goes, for no SQL Server is here."""
    return str(odbc.freetds())


@pytest.fixture(scope="session")
def microsoft_driver() -> str:
    """The path of Microsoft's ODBC driver, from a wheel: as far as a connection goes."""
    return str(odbc.microsoft())
