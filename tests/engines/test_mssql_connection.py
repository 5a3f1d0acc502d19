"""`dponec run` on a SQL Server URL without a server: a clear end within seconds, nothing changed; both drivers, as far as they go."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.artifacts.bundle import Bundle
from dpone_compiler.driver.output import write_bundle
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, parse_url
from dpone_compiler.runtime.connections.session import EngineError
from tests.cli.commands import dponec
from tests.compiled_bundles import bundle
from tests.engine_fixtures import FreshDatabase

ORDERS = """CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint NOT NULL, day date NOT NULL, at timestamptz NOT NULL, amount numeric(18,2), status text NOT NULL,
                          PRIMARY KEY (id, day))"""


@contextmanager
def silent_server() -> Iterator[int]:
    """Listens, takes what it is sent, and never says a word of TDS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield int(server.getsockname()[1])
        for one in taken:
            one.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_run_without_a_server_ends_with_1_and_says_where(
    pg_wheel_db: FreshDatabase, freetds_driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, port = pg_wheel_db(), closed_port()
    with psycopg.connect(source, autocommit=True) as session:
        session.execute(ORDERS.encode())
    made: Bundle = bundle("merge_ms")
    write_bundle(made, tmp_path)
    monkeypatch.setenv("DPONE_CONN_CASE_PG", source)
    monkeypatch.setenv("DPONE_CONN_CASE_MS", f"mssql://sa:s3cret@127.0.0.1:{port}/dwh?driver={freetds_driver}")
    monkeypatch.chdir(tmp_path)
    started = time.monotonic()
    ended = dponec("run", made.name)
    assert ended.exit_code == 1
    assert time.monotonic() - started < 10
    assert "DP421" in ended.output
    assert f"no SQL Server answers at 127.0.0.1:{port}" in ended.output
    assert "s3cret" not in ended.output


@pytest.mark.parametrize(
    "fixture",
    [
        pytest.param("freetds_driver", marks=pytest.mark.odbc_freetds),
        pytest.param("microsoft_driver", marks=pytest.mark.odbc_microsoft),
    ],
)
def test_a_server_that_says_nothing_is_given_up(fixture: str, request: pytest.FixtureRequest) -> None:
    driver = request.getfixturevalue(fixture)
    with silent_server() as port:
        url = parse_url("dwh", f"mssql://sa:s3cret@127.0.0.1:{port}/dwh?driver={driver}&login_timeout=2")
        started = time.monotonic()
        with pytest.raises(EngineError) as caught:
            open_session(url)
        assert time.monotonic() - started < 20
    assert caught.value.unreachable and not caught.value.transient
    assert "s3cret" not in str(caught.value)


def test_a_driver_that_is_not_there_is_named(freetds_driver: str) -> None:
    with silent_server() as port, pytest.raises(ConnectionProblem) as caught:
        open_session(parse_url("dwh", f"mssql://sa:s3cret@127.0.0.1:{port}/dwh?driver=No+Such+Driver"))
    assert caught.value.code == "DP606"
    assert "FreeTDS" in caught.value.message
    assert "s3cret" not in str(caught.value)
