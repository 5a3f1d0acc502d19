"""Sessions on real engines: exact values in and out, nothing left after a failure, no row in a message."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dpone_compiler.runtime.connections import Chunk, ConnectionProblem, EngineError, Session, open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from dpone_compiler.runtime.connections.server import server_of
from dpone_compiler.runtime.transfer import pump

NASTY = "a'b\"\\\n\r\t%s %% :x $$ {x:String} ; -- /* \x01\x7f é \uffff😀 \\N"
VALUES = [NASTY, "", "\\N", "\\", "\t", "\n", "NULL", "'", "$1", "%(x)s"]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def session(url: str, **limits: str) -> Session:
    return open_session(parse_url("test", url), limits=limits)


@pytest.fixture
def pg(pg_wheel_db: Callable[[], str]) -> Iterator[tuple[Session, Session]]:
    url = pg_wheel_db()
    with closing(session(url)) as one, closing(session(url)) as two:
        yield one, two


TIERS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("chdb", "clickhouse_server")]


@pytest.fixture(params=TIERS)
def clickhouse(request: pytest.FixtureRequest) -> Iterator[Session]:
    fresh: Any = request.getfixturevalue(request.param + "_db")
    with closing(session(fresh())) as opened:
        yield opened


def failing(*chunks: Chunk) -> Iterator[Chunk]:
    yield from chunks
    raise OSError("the producer")


@pytest.mark.parametrize("value", VALUES)
def test_postgres_binds_exactly(pg: tuple[Session, Session], value: str) -> None:
    result = pg[0].run("SELECT current_setting('dponec.v'), '100% :x $$', NULL, ''", {"v": value})
    assert result.rows == ((value, "100% :x $$", None, ""),)


def test_postgres_scripts(pg: tuple[Session, Session]) -> None:
    one, two = pg
    body = """CREATE TABLE t (a text);
    DO $$ BEGIN EXECUTE 'INSERT INTO t VALUES (current_setting(''dponec.v''))'; END $$;
    INSERT INTO t VALUES ('x;y'), (NULL); SELECT 'last' AS "l%", 1.50::numeric(9,2), true, 'infinity'::timestamptz"""
    result = one.run(body, {"v": NASTY})
    assert (result.columns[0], result.rows, result.affected) == ("l%", (("last", "1.50", "t", "infinity"),), 2)
    assert two.run("SELECT a FROM t", {}).rows == ((NASTY,), ("x;y",), (None,))
    assert one.run("SELECT current_setting('dponec.v', true)", {}).rows[0][0] in (None, "")
    two.run("VACUUM t", {})


def test_postgres_transactions_and_limits(pg_wheel_db: Callable[[], str]) -> None:
    with closing(session(pg_wheel_db(), lock_timeout="7s")) as one:
        assert one.run("SHOW lock_timeout", {}).rows == (("7s",),)
        one.begin()
        one.run("CREATE TABLE t (a int)", {"p": "1"})
        one.rollback()
        assert one.run("SELECT to_regclass('t')", {}).rows == ((None,),)
        one.begin(snapshot=True)
        with pytest.raises(EngineError, match="25006"):
            one.run("CREATE TABLE t (a int)", {})
        with pytest.raises(EngineError, match="25P02"):
            one.commit()
        assert one.run("SELECT 1", {}).rows == (("1",),)


@pytest.mark.parametrize("form", ["", " (FORMAT binary)"])
def test_postgres_to_postgres(pg: tuple[Session, Session], form: str) -> None:
    one, two = pg
    rows = "SELECT i, nullif(current_setting('dponec.v') || i, '') AS a, NULL::text AS b, '' AS c, i / 3.0 AS d"
    one.run("CREATE TABLE s AS " + rows + " FROM generate_series(1, 20000) i; CREATE TABLE t (LIKE s)", {"v": NASTY})
    result = pump(one, "COPY s TO STDOUT" + form, two, "COPY t FROM STDIN" + form, {"v": "x"})
    assert (result.rows_out, result.rows_in) == (20000, 20000)
    assert one.run("(TABLE s EXCEPT TABLE t) UNION ALL (TABLE t EXCEPT TABLE s)", {}).rows == ()


def test_postgres_takes_a_large_batch_without_a_second_copy_of_it(pg: tuple[Session, Session]) -> None:
    one, _ = pg
    one.run("CREATE TABLE t (a int, s text)", {})
    batch = Chunk(b"".join(b"%d\t%s\n" % (number, b"x" * (number % 500)) for number in range(100_000)), 100_000)
    before = _resident()
    assert one.copy_in("COPY t FROM STDIN", {}, [batch]) == 100_000
    assert _resident() - before < len(batch.data) / 4  # libpq keeps its buffer as long as the connection
    body = "SELECT count(*), sum(length(s)) FROM t WHERE length(s) = a % 500"
    assert one.run(body, {}).rows == (("100000", str(sum(number % 500 for number in range(100_000)))),)


def _resident() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("RssAnon:"))
    return int(line.split()[1]) * 1024


def test_postgres_failures_leave_nothing(pg: tuple[Session, Session]) -> None:
    one, two = pg
    one.run("CREATE TABLE t (a int PRIMARY KEY, s text)", {})
    with pytest.raises(OSError, match="the producer"):
        two.copy_in("COPY t FROM STDIN", {}, failing(Chunk(b"1\ta\n", 1)))
    bad = [Chunk(b"1\ta\n", 1), Chunk(b"sekret\tb\n", 1), Chunk(b"3\tc\n", 1)]
    with pytest.raises(EngineError, match="COPY t, line 2, column a") as caught:
        two.copy_in("COPY t FROM STDIN", {}, bad)
    assert "sekret" not in str(caught.value)
    with pytest.raises(EngineError, match="division by zero"):
        body = "COPY (SELECT i, (1 / (90000 - i))::text FROM generate_series(1, 100000) i) TO STDOUT"
        pump(one, body, two, "COPY t FROM STDIN", {})
    with pytest.raises(EngineError, match="t_pkey"):
        body = "COPY (SELECT i % 500, 'x' FROM generate_series(1, 3000000) i) TO STDOUT"
        pump(one, body, two, "COPY t FROM STDIN", {})
    assert one.run("SELECT count(*) FROM t", {}).rows == two.run("SELECT 0", {}).rows
    with pytest.raises(EngineError) as caught:
        one.run("INSERT INTO t VALUES (current_setting('dponec.v')::int, 'x'), (1, 'y')", {"v": "1"})
    assert caught.value.message.endswith("Key (a)=(…) already exists.")


def test_postgres_stream_can_be_left_early(pg: tuple[Session, Session]) -> None:
    rows = pg[0].copy_out("COPY (SELECT generate_series(1, 5000000)) TO STDOUT", {"p": "1"})
    assert next(iter(rows)).rows > 1
    rows.close()
    assert pg[0].run("SELECT 1", {}).rows == (("1",),)


def test_postgres_survives_the_loss_of_its_connection(pg: tuple[Session, Session]) -> None:
    one, two = pg
    one.run("CREATE TABLE t (a int)", {})
    victim = two.run("SELECT pg_backend_pid()", {}).rows[0][0] or ""

    def kill() -> Iterator[Chunk]:
        for number in range(400):
            if number == 5:
                one.run("SELECT pg_terminate_backend(current_setting('dponec.pid')::int)", {"pid": victim})
            yield Chunk(b"1\n" * 50_000, 50_000)

    with pytest.raises(EngineError) as caught:
        two.copy_in("COPY t FROM STDIN", {}, kill())
    assert caught.value.unreachable
    assert one.run("SELECT count(*) FROM t", {}).rows == (("0",),)


def test_postgres_reader_survives_the_loss_of_its_connection(pg: tuple[Session, Session]) -> None:
    one, two = pg
    victim = two.run("SELECT pg_backend_pid()", {}).rows[0][0] or ""
    rows = two.copy_out("COPY (SELECT generate_series(1, 50000000)) TO STDOUT", {})
    next(rows)
    one.run("SELECT pg_terminate_backend(current_setting('dponec.pid')::int)", {"pid": victim})
    with pytest.raises(EngineError) as caught:
        for _ in rows:
            pass
    assert caught.value.unreachable


def test_a_url_that_libpq_refuses_is_not_quoted() -> None:
    with pytest.raises(ConnectionProblem) as caught:
        session("postgresql://u:sekret%zz@127.0.0.1/d")
    assert "sekret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_unreachable_and_refused(pg_wheel: Any) -> None:
    for url in ("postgresql://u:sekret@127.0.0.1:1/d", "clickhouse+http://u:sekret@127.0.0.1:1/d"):
        with pytest.raises(EngineError) as caught:
            session(url)
        assert caught.value.unreachable
        assert "sekret" not in str(caught.value)


@pytest.mark.parametrize("value", VALUES)
def test_clickhouse_binds_exactly(clickhouse: Session, value: str) -> None:
    body = "SELECT {v:String} AS v, '{v:String}' AS q, NULL AS n, '' AS e, {i:Int64} AS i -- {v:String}"
    assert clickhouse.run(body, {"v": value, "i": "-7"}).rows == ((value, "{v:String}", None, "", "-7"),)


@QUICK
@given(value=st.text(st.characters(codec="utf-8"), max_size=40))
def test_clickhouse_binds_anything(clickhouse: Session, value: str) -> None:
    result = clickhouse.run("SELECT {v:String} AS v, {a:Array(String)}[1] AS a", {"v": value, "a": _json_list(value)})
    assert result.rows == ((value, value),)


def test_clickhouse_copies(clickhouse: Session) -> None:
    clickhouse.run("CREATE TABLE t (a Int32, s Nullable(String)) ENGINE = MergeTree ORDER BY a; SELECT 1", {})
    insert = "INSERT INTO t FORMAT TabSeparated"
    assert (
        clickhouse.copy_in(insert, {}, [Chunk(b"1\tx\\ty\\\\N\\n\n2\t\\N\n", 2), Chunk(b"", 0), Chunk(b"3\t\n", 1)])
        == 3
    )
    assert clickhouse.run("SELECT * FROM t ORDER BY a", {}).rows == (("1", "x\ty\\N\n"), ("2", None), ("3", ""))
    rows = clickhouse.copy_out("SELECT * FROM t ORDER BY a FORMAT TabSeparated", {})
    assert b"".join(chunk.data for chunk in rows) == b"1\tx\\ty\\\\N\\n\n2\t\\N\n3\t\n"
    assert rows.total == 3


def test_clickhouse_failures_leave_nothing(clickhouse: Session) -> None:
    clickhouse.run("CREATE TABLE t (a Int32, s String) ENGINE = MergeTree ORDER BY a", {})
    insert = "INSERT INTO t FORMAT TabSeparated"
    with pytest.raises(OSError, match="the producer"):
        clickhouse.copy_in(insert, {}, failing(Chunk(b"1\tx\n" * 1000, 1000)))
    with pytest.raises(EngineError) as caught:
        clickhouse.copy_in(insert, {}, [Chunk(b"1\tx\n" * 1000, 1000), Chunk(b"sekret\tx\n", 1)])
    assert "sekret" not in str(caught.value)
    with pytest.raises(EngineError, match="60"):
        clickhouse.copy_in("INSERT INTO nope FORMAT TabSeparated", {}, [Chunk(b"1\tx\n" * 50_000, 50_000)] * 40)
    assert clickhouse.run("SELECT count() FROM t", {}).rows == (("0",),)


def test_clickhouse_stream_that_fails_midway(clickhouse: Session) -> None:
    query = "SELECT number, throwIf(number = 3000000) FROM numbers(5000000) FORMAT TabSeparated"
    with pytest.raises(EngineError):  # the facade holds a result back and fails at once, a server fails in mid-stream
        for _ in clickhouse.copy_out(query, {}):
            pass
    assert clickhouse.run("SELECT 1", {}).rows == (("1",),)


def test_postgres_to_clickhouse(pg: tuple[Session, Session], clickhouse: Session) -> None:
    clickhouse.run("CREATE TABLE t (a Int32, s Nullable(String)) ENGINE = MergeTree ORDER BY a", {})
    rows = "COPY (SELECT i, CASE WHEN i % 2 = 0 THEN current_setting('dponec.v') END FROM generate_series(1, 1000) i) TO STDOUT"
    result = pump(pg[0], rows, clickhouse, "INSERT INTO t FORMAT TabSeparated", {"v": NASTY})
    assert (result.rows_out, result.rows_in) == (1000, 1000)
    found = clickhouse.run("SELECT s, count() AS n FROM t GROUP BY s ORDER BY s", {}).rows
    assert set(found) == {(NASTY, "500"), (None, "500")}


INTERRUPTED = """
import sys
from dpone_compiler.runtime.connections import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from dpone_compiler.runtime.transfer import pump
source, sink = (open_session(parse_url("x", sys.argv[1])) for _ in range(2))
body = "COPY (SELECT generate_series(1, 200000000)) TO STDOUT"
pump(source, body, sink, "COPY t FROM STDIN", {}, lambda rows, size: print(rows, flush=True))
"""


def test_interrupt_leaves_nothing_running(pg_wheel_db: Callable[[], str]) -> None:
    url = pg_wheel_db()
    with closing(session(url)) as watcher:
        watcher.run("CREATE TABLE t (a int)", {})
        child = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
        assert "KeyboardInterrupt" in errors
        assert watcher.run("SELECT count(*) FROM t", {}).rows == (("0",),)


@pytest.mark.chdb
def test_chdb_in_process(tmp_path: Path) -> None:
    with closing(session((tmp_path / "store").as_uri().replace("file:", "chdb:"))) as store:
        body = "CREATE TABLE t (a Int32, s String) ENGINE = MergeTree ORDER BY a; INSERT INTO t SELECT 1, {v:String}"
        assert store.run(body, {"v": NASTY}).affected == 1
        with pytest.raises(OSError, match="the producer"):
            store.copy_in("INSERT INTO t FORMAT TabSeparated", {}, failing(Chunk(b"1\tx\n", 1)))
        with pytest.raises(EngineError):
            store.run("SELECT throwIf(1)", {})
        assert store.copy_in("INSERT INTO t FORMAT TabSeparated", {}, [Chunk(b"2\tx\\ty\n", 1)]) == 1
        assert store.run("SELECT * FROM t ORDER BY a", {}).rows == (("1", NASTY), ("2", "x\ty"))
        rows = store.copy_out("SELECT a FROM t ORDER BY a FORMAT TabSeparated", {})
        assert b"".join(chunk.data for chunk in rows) == b"1\n2\n"
        assert rows.total == 2


def test_native_client(clickhouse_server: Any) -> None:
    with closing(session(clickhouse_server.native_url_for("default"))) as native:
        native.run("DROP TABLE IF EXISTS nat; CREATE TABLE nat (a Int32, s String) ENGINE = MergeTree ORDER BY a", {})
        with pytest.raises(OSError, match="the producer"):
            native.copy_in("INSERT INTO nat FORMAT TabSeparated", {}, failing(Chunk(b"1\tx\n", 1)))
        assert native.copy_in("INSERT INTO nat FORMAT TabSeparated", {}, [Chunk(b"1\tx\\ty\n", 1)]) == 1
        assert native.run("SELECT a, s, {v:String} FROM nat", {"v": NASTY}).rows == (("1", "x\ty", NASTY),)


def test_a_server_is_one_by_both_of_its_ports(clickhouse_server: Any, clickhouse_server_db: Callable[[], str]) -> None:
    native_url = clickhouse_server.native_url_for("default")
    with closing(session(native_url)) as native, closing(session(clickhouse_server_db())) as http:
        assert server_of(native) == server_of(http) != ""


def _json_list(value: str) -> str:
    return json.dumps([value])
