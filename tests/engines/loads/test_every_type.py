"""120 columns of every type from Postgres to ClickHouse, by every path that can be had here: what survives arrives with an equal
hash, what does not is named and counted before the load.

`make every-type` moves 100,000 rows by each path and prints a line for each.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import time
from typing import NamedTuple

import psycopg
import pytest

from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from dpone_compiler.runtime.connections.clickhouse_text import bind_legacy
from tests.engine_fixtures import FreshDatabase, run_clickhouse
from tests.engines.loads.every_type import LACKING, MISREAD, Table
from tests.engines.loads.world import SINKS, World, on

# `make every-type` sets it to 100000.
ROWS = int(os.environ.get("DPONEC_TYPE_ROWS", "1000"))
_COUNTED = re.compile(r'column "(\w+)": (\d+) values')
# As every session of the product has them.
_PINNED = ("TimeZone = 'UTC'", "DateStyle = 'ISO'", "IntervalStyle = 'postgres'", "extra_float_digits = 1")


class Way(NamedTuple):
    """How rows go: to which sink, by `dponec run` or by run.sh, over which protocol, and whether clients are on PATH."""

    sink: str
    by: str
    protocol: str
    clients: bool = True


WAYS = {
    "run-http-chdb": Way("chdb", "run", "http", clients=False),
    "run-http-18.16": Way("ch18", "run", "http", clients=False),
    "run-client-18.16": Way("ch18", "run", "native"),
    "run-rows-18.16": Way("ch18", "run", "native", clients=False),
    "script-client-18.16": Way("ch18", "script", "native"),
    "script-curl-18.16": Way("ch18", "script", "http"),
    "script-curl-chdb": Way("chdb", "script", "http"),
}
EVERY_WAY = pytest.mark.parametrize(
    ("sink", "way"),
    [
        pytest.param(SINKS[way.sink], way, id=name, marks=getattr(pytest.mark, SINKS[way.sink].tier))
        for name, way in WAYS.items()
    ],
)


def fill(world: World, table: Table, made: list[tuple[object, ...]]) -> None:
    """Rows by COPY, which takes the texts as they are."""
    with psycopg.connect(world.source_url) as session, session.cursor() as cursor:
        session.execute("SET TimeZone = 'UTC'")
        with cursor.copy(f"COPY orders ({', '.join(table.names)}) FROM STDIN".encode()) as copy:
            for row in made:
                copy.write_row(row)


def move(world: World, way: Way) -> tuple[int, str]:
    """Move the rows; (exit code, what was said)."""
    if way.by == "run":
        outcome = world.outcome()
        return outcome.exit_code, f"{outcome.code}: {outcome.message}"
    environ = {**os.environ, "DPONE_CONN_SRC": world.source_url, "DPONE_CONN_DST": world.target_url}
    words = ("bash", str(world.bundle / "run.sh"), "--journal-dir", str(world.folder / "journal"))
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=900, check=False)
    return done.returncode, done.stderr


def content_hash(world: World, http_url: str) -> str:
    """rows:a:b of the source's rows, and proof that the target holds the same: both are asked anew, after the load."""
    (asked,) = world.bundle.glob("steps/*-fingerprint-source.sql")
    with psycopg.connect(world.source_url, autocommit=True) as session:
        for setting in _PINNED:
            session.execute(f"SET {setting}".encode())
        found = session.execute(asked.read_bytes()).fetchone()
    assert found is not None
    given = dict(zip(("source_rows", "source_a", "source_b"), (str(each) for each in found), strict=True))
    (check,) = world.bundle.glob("steps/*-check-staged-rows.sql")
    body = check.read_text(encoding="utf-8").rstrip().rstrip(";")
    assert run_clickhouse(http_url, bind_legacy(body, {**given, "staging_rows": "orders_copy"})) == ""
    other = {**given, "source_a": str(int(given["source_a"]) + 1), "staging_rows": "orders_copy"}
    assert "DP501" in run_clickhouse(http_url, bind_legacy(body, other))
    return ":".join(given.values())


@EVERY_WAY
def test_what_survives_arrives_and_what_does_not_is_counted(
    world: World,
    way: Way,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table(old=way.sink == "ch18")
    world.source(table.source_ddl())
    world.make_target(columns=table.target_columns(), partition="")
    fill(world, table, table.rows(1, range(ROWS), bad=0)[0])
    columns = {"columns": [{"name": name} for name in table.names]}
    world.load("full_refresh", source=columns, reconcile="content", lossy="fail")
    http_url = world.target_url
    if way.protocol == "native":
        server: ClickHouseServer = request.getfixturevalue("clickhouse_server")
        world.target_url = server.native_url_for(world.table[0])
    if not way.clients:
        monkeypatch.setenv("PATH", "")
    started = time.monotonic()
    code, said = move(world, way)
    seconds = time.monotonic() - started
    assert code == 0, said
    assert run_clickhouse(http_url, "SELECT count() FROM orders_copy").strip() == str(ROWS)
    with capsys.disabled():
        name = request.node.callspec.id
        print(f"\n{name}: {ROWS} rows of 120 columns in {seconds:.1f} s, hash {content_hash(world, http_url)}")
    more, lost = table.rows(11, range(ROWS, ROWS + 1000), bad=0.05)
    fill(world, table, more)
    code, said = move(world, way)
    assert (code, "DP524" in said) == (1, True), said
    told: dict[str, int] = {}
    for column, number in _COUNTED.findall(said):
        told[column] = told.get(column, 0) + int(number)
    assert set(told) == {column for column, number in lost.items() if number}
    assert all(told[column] >= lost[column] for column in told), "a value may offend in two ways, and none is left out"
    assert run_clickhouse(http_url, "SELECT count() FROM orders_copy").strip() == str(ROWS)


@on("ch18")
@pytest.mark.parametrize("value", MISREAD)
def test_a_float_that_18_16_reads_otherwise_stops_in_staging_and_arrives_by_rows(
    world: World, value: str, clickhouse_server: ClickHouseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.source("CREATE TABLE orders (id int PRIMARY KEY, v double precision)")
    world.make_target(columns="id Int32, v Float64", partition="")
    world.source("INSERT INTO orders VALUES (1, 1.5)")
    world.load("full_refresh", reconcile="content").run()
    world.source("UPDATE orders SET v = %s::text::float8", [(value,)])
    world.fails("DP501")
    http_url, world.target_url = world.target_url, clickhouse_server.native_url_for(world.table[0])
    assert run_clickhouse(http_url, "SELECT v FROM orders_copy") == "1.5\n"
    monkeypatch.setenv("PATH", "")
    assert world.outcome().exit_code == 0
    read = run_clickhouse(http_url, "SELECT hex(reverse(toFixedString(reinterpretAsString(v), 8))) FROM orders_copy")
    assert struct.unpack(">d", bytes.fromhex(read.strip()))[0] == float(value)


@on("ch18")
@pytest.mark.parametrize("native", sorted(LACKING))
def test_a_type_that_18_16_lacks_is_refused_by_it(
    clickhouse_server_db: FreshDatabase, sink: object, native: str
) -> None:
    with pytest.raises(RuntimeError, match=r"Unknown data type|Wrong precision|is not allowed"):
        run_clickhouse(clickhouse_server_db(), f"CREATE TABLE t (c {native}) ENGINE = Memory")
