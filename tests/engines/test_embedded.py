"""The embedded engines start, answer, survive a crash, and go without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import pytest

from dpone_compiler.embedded.account import Account, reachable_copy
from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import start_clickhouse_server
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.host import runs
from dpone_compiler.embedded.postgres import start_postgres
from dpone_compiler.embedded.process import EngineError
from tests.engine_fixtures import FreshDatabase, run_clickhouse
from tests.tiers import DEBIAN_POSTGRES


def _post(
    engine: Engine, body: bytes | Iterator[bytes] = b"", *, method: str = "POST", **pairs: str
) -> tuple[int, str, dict[str, str]]:
    client = HTTPConnection("127.0.0.1", engine.port, timeout=60)
    client.request(method, "/?" + urlencode(pairs, quote_via=quote), body, encode_chunked=not isinstance(body, bytes))
    answer = client.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.getheaders())
    client.close()
    return found


def _wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    "binaries",
    [
        pytest.param(None, marks=pytest.mark.postgres_wheel),
        pytest.param(DEBIAN_POSTGRES, marks=pytest.mark.postgres_debian),
    ],
)
def test_postgres_survives_a_kill_and_leaves_nothing(binaries: Path | None) -> None:
    with start_postgres(bin_dir=binaries, fsync=True, settings={"work_mem": "5MB"}) as engine:
        with psycopg.connect(engine.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE t AS SELECT 7 AS a")
            assert connection.execute("SHOW work_mem").fetchone() == ("5MB",)
            assert connection.execute("SHOW wal_level").fetchone() == ("logical",)
        url, first = engine.url, engine.pid
        engine.kill()
        assert not runs(first)
        engine.restart()
        assert (engine.url, engine.pid == first) == (url, False)
        with psycopg.connect(engine.url) as connection:
            assert connection.execute("SELECT a FROM t").fetchall() == [(7,)]
        last = engine.pid
    assert not runs(last)
    assert not engine.data_dir.exists()


@pytest.mark.postgres_wheel
def test_postgres_says_why_it_did_not_start() -> None:
    with pytest.raises(EngineError, match="no_such_setting"):
        start_postgres(settings={"no_such_setting": "1"})


_ORPHAN = """
import sys, time
from dpone_compiler.embedded.{module} import {start}
engine = {start}()
print(engine.pid, engine.data_dir, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("module", "start"),
    [
        pytest.param("postgres", "start_postgres", marks=pytest.mark.postgres_wheel),
        pytest.param("clickhouse_http", "start_chdb", marks=pytest.mark.chdb),
        pytest.param("clickhouse_legacy", "start_clickhouse_server", marks=pytest.mark.clickhouse_server),
    ],
)
def test_a_killed_parent_leaves_no_server(module: str, start: str) -> None:
    words = (sys.executable, "-c", _ORPHAN.format(module=module, start=start))
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid, folder = parent.stdout.readline().split()
        assert runs(int(pid))
        parent.send_signal(signal.SIGKILL)
    _wait_until(lambda: not runs(int(pid)) and not Path(folder).exists())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up its rights")
def test_binaries_in_a_closed_folder_are_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody, closed, opened = Account(65534, 65534), tmp_path / "closed", tmp_path / "opened"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "tool").write_text("x")
    closed.chmod(0o700)
    opened.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(opened))
    assert not nobody.can_enter(closed / "bin")

    def ask(account: Account | None) -> Path:
        return reachable_copy(closed, parts=("bin",), key="tool-1", account=account)

    first = ask(nobody)
    assert (first / "bin" / "tool").read_text() == "x"
    assert ask(nobody) == first
    assert ask(None) == closed
    first.chmod(0o777)  # now a stranger could have changed it
    assert ask(nobody) != first


def test_chdb_answers_as_the_http_interface_does(chdb: Engine, chdb_db: FreshDatabase) -> None:
    database = chdb_db().rpartition("/")[2]
    assert _post(chdb, b"CREATE TABLE t (a Int64, s String) ENGINE = MergeTree ORDER BY a", database=database)[0] == 200
    insert = {"database": database, "query": "INSERT INTO t FORMAT TabSeparated"}
    status, _, headers = _post(chdb, b"1\tx\\ty\n2\t\\N\n", **insert)
    assert status == 200
    assert json.loads(headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert _post(chdb, b"", **insert)[0] == 200
    assert _post(chdb, b"INSERT INTO t FORMAT RowBinary\n" + bytes(8) + b"\x03\x00\n\xff", database=database)[0] == 200
    assert _post(chdb, b"INSERT INTO t VALUES (4, 'q')", database=database)[0] == 200
    assert _post(chdb, b"(5, 'r')", database=database, query="INSERT INTO t (a, s) VALUES")[0] == 200
    chosen = {"database": database, "param_least": "4", "param_text": "it's\\ta", "max_threads": "1"}
    query = (
        b"SELECT count(), {text:String}, getSetting('max_threads') FROM t WHERE a >= {least:Int64} FORMAT JSONCompact"
    )
    status, text, headers = _post(chdb, query, **chosen)
    assert (status, json.loads(text)["data"]) == (200, [[2, "it's\ta", 1]])
    assert headers["X-ClickHouse-Format"] == "JSONCompact"
    assert _post(chdb, method="GET", query="SELECT 1 AS a", default_format="JSONEachRow")[1] == '{"a":1}\n'


@pytest.mark.parametrize(
    ("body", "method", "status", "code"),
    [
        (b"SELECT * FROM nowhere", "POST", 404, "60"),
        (b"SELEC 1", "POST", 400, "62"),
        (b"INSERT INTO nowhere FORMAT TabSeparated\n1\n", "POST", 404, "60"),
        (b"SELECT throwIf(1)", "POST", 500, "395"),
        (b"SELECT {a:Int8}", "POST", 400, "456"),
        (b"CREATE TABLE r (a Int8) ENGINE = Memory", "GET", 500, "164"),
    ],
)
def test_chdb_refuses_with_a_code(chdb: Engine, body: bytes, method: str, status: int, code: str) -> None:
    if method == "GET":
        found, text, headers = _post(chdb, method="GET", query=body.decode())
    else:
        found, text, headers = _post(chdb, body)
    assert (found, headers["X-ClickHouse-Exception-Code"]) == (status, code)
    assert text.startswith(f"Code: {code}. DB::Exception: ")


def test_chdb_reads_while_an_insert_streams_and_a_lost_client_writes_nothing(
    chdb: Engine, chdb_db: FreshDatabase
) -> None:
    url = chdb_db()
    run_clickhouse(url, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
    client = HTTPConnection("127.0.0.1", chdb.port, timeout=60)
    client.putrequest("POST", f"/?database={url.rpartition('/')[2]}&query=INSERT+INTO+t+FORMAT+TabSeparated")
    client.putheader("Transfer-Encoding", "chunked")
    client.endheaders(b"4\r\n1\n2\n\r\n")
    assert run_clickhouse(url, "SELECT count() FROM t") == "0\n"
    client.close()
    time.sleep(0.3)
    assert run_clickhouse(url, "SELECT count() FROM t") == "0\n"


def test_chdb_keeps_the_temporary_tables_of_a_session(chdb: Engine) -> None:
    assert _post(chdb, b"CREATE TEMPORARY TABLE mine (a Int8)", session_id="one")[0] == 200
    assert _post(chdb, b"INSERT INTO mine VALUES (3)", session_id="one")[0] == 200
    assert _post(chdb, b"SELECT a FROM mine", session_id="one")[:2] == (200, "3\n")
    assert _post(chdb, b"SELECT a FROM mine", session_id="two")[0] == 404
    assert _post(chdb, b"SELECT a FROM mine")[0] == 404


def test_chdb_streams_an_insert_in_bounded_memory(chdb_db: FreshDatabase) -> None:
    rows, pieces = b"".join(b"%d\t%s\n" % (row, b"z" * 200) for row in range(5000)), 600

    def resident(engine: Engine) -> int:
        status = Path(f"/proc/{engine.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024

    with start_chdb() as engine:
        run_clickhouse(engine.url, "CREATE TABLE t (a Int64, s String) ENGINE = MergeTree ORDER BY a")
        insert = {"query": "INSERT INTO t FORMAT TabSeparated", "min_insert_block_size_bytes": "20000000"}
        insert |= {"min_insert_block_size_rows": "100000", "max_insert_block_size": "100000"}
        before = resident(engine)
        status, _, headers = _post(engine, (rows for _ in range(pieces)), **insert)
        assert status == 200
        assert json.loads(headers["X-ClickHouse-Summary"])["written_rows"] == str(5000 * pieces)
        assert resident(engine) - before < 600  # of 620 MB that were sent; the engine keeps caches of its own


@pytest.mark.chdb
def test_chdb_keeps_what_it_acknowledged_when_it_is_killed() -> None:
    with start_chdb() as engine:
        run_clickhouse(engine.url, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
        acknowledged = []

        def write() -> None:
            for row in range(10_000):
                try:
                    run_clickhouse(engine.url, f"INSERT INTO t VALUES ({row})")
                except (OSError, RuntimeError):
                    return
                acknowledged.append(row)

        writer = threading.Thread(target=write)
        writer.start()
        _wait_until(lambda: len(acknowledged) > 20)
        engine.kill()
        writer.join()
        engine.restart()
        found = {int(line) for line in run_clickhouse(engine.url, "SELECT a FROM t").split()}
        assert set(acknowledged) <= found
        assert len(found) <= len(acknowledged) + 1


@pytest.mark.clickhouse_server
def test_clickhouse_server_speaks_both_protocols_and_survives_a_kill() -> None:
    from clickhouse_driver import Client

    with start_clickhouse_server() as engine:
        run_clickhouse(engine.url, "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
        with Client.from_url(engine.native_url) as client:
            client.execute("INSERT INTO t VALUES", [(1,), (2,)])
        engine.kill()
        engine.restart()
        assert run_clickhouse(engine.http_url, "SELECT sum(a) FROM t") == "3\n"


def test_databases_are_fresh(pg_wheel_db: FreshDatabase, clickhouse_server_db: FreshDatabase) -> None:
    urls = {pg_wheel_db(), pg_wheel_db(), clickhouse_server_db()}
    assert len(urls) == 3
    for url in urls:
        if url.startswith("postgresql:"):
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE t (a int)")
        else:
            run_clickhouse(url, "CREATE TABLE t (a Int8) ENGINE = Memory")


def test_debian_postgres_is_fifteen(pg_debian_db: FreshDatabase) -> None:
    with psycopg.connect(pg_debian_db()) as connection:
        assert str(connection.execute("SHOW server_version_num").fetchone()).startswith("('15")
