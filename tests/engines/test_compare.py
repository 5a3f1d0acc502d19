"""The comparator sees every change to a target, on real engines, and takes equal content of two engines as equal."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.demo import compare as package
from dpone_compiler.demo import data
from dpone_compiler.demo.compare import Unreadable, compare
from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from dpone_compiler.embedded.engine import Engine
from tests.engine_fixtures import FreshDatabase, run_clickhouse

ROWS = 3000
FILL = "INSERT INTO dwh.orders SELECT * FROM public.orders WHERE status <> 'draft'"
# Each changes the least that can be changed in one way; `{t}` is the target.
MUTATIONS = {
    "one byte of text": "UPDATE {t} SET note = overlay(note placing 'N' from 1) WHERE order_id = {id}",
    "a trailing blank": "UPDATE {t} SET note = note || ' ' WHERE order_id = {id}",
    "empty for NULL": "UPDATE {t} SET note = '' WHERE order_id = (SELECT min(order_id) FROM {t} WHERE note IS NULL)",
    "a microsecond": "UPDATE {t} SET updated_at = updated_at + interval '1 microsecond' WHERE order_id = {id}",
    "the last digit": "UPDATE {t} SET big = coalesce(big, 0) - 0.0000000001 WHERE order_id = {id}",
    "the sign of zero": "UPDATE {t} SET ratio = -ratio WHERE order_id = (SELECT min(order_id) FROM {t} WHERE ratio = 0)",
    "a day": "UPDATE {t} SET business_date = business_date + 1 WHERE order_id = {id}",
    "a number in JSON": "UPDATE {t} SET payload = jsonb_set(payload, '{{n}}', '1.0') "
    "WHERE order_id = (SELECT min(order_id) FROM {t} WHERE payload ? 'n')",
    "JSON null for NULL": "UPDATE {t} SET payload = 'null' "
    "WHERE order_id = (SELECT min(order_id) FROM {t} WHERE payload IS NULL)",
    "NULL for a boolean": "UPDATE {t} SET is_gift = NULL "
    "WHERE order_id = (SELECT min(order_id) FROM {t} WHERE is_gift IS NOT NULL)",
    "a UUID": "UPDATE {t} SET uid = md5('other')::uuid WHERE order_id = {id}",
    "one row lost": "DELETE FROM {t} WHERE order_id = {id}",
    "one row doubled": "INSERT INTO {t} SELECT * FROM {t} WHERE order_id = {id}",
    "one lost, another doubled": "WITH gone AS (DELETE FROM {t} WHERE order_id = {id}) "
    "INSERT INTO {t} SELECT * FROM {t} WHERE order_id = (SELECT max(order_id) FROM {t})",
}


@pytest.fixture
def postgres(pg_wheel_db: FreshDatabase) -> str:
    url = pg_wheel_db()
    with psycopg.connect(url, autocommit=True) as connection:
        data.create_source(connection, ROWS)
        data.create_postgres_target(connection)
        connection.execute(FILL)
    return url


def _clickhouse_target(source: str, clickhouse: str) -> None:
    for statement in data.clickhouse_target():
        run_clickhouse(clickhouse, statement)
    copy = "COPY (SELECT " + data.COLUMNS + " FROM public.orders WHERE status <> 'draft') TO STDOUT"
    with psycopg.connect(source) as connection, connection.cursor().copy(copy.encode()) as rows:
        text = b"".join(map(bytes, rows)).decode()
    head = "INSERT INTO dwh.orders SETTINGS date_time_input_format = 'best_effort' FORMAT TabSeparated\n"
    run_clickhouse(clickhouse, head + text)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_postgres_target_changed_behind_its_back(postgres: str, mutation: str) -> None:
    assert compare(postgres, data.SOURCE_QUERY, postgres, data.TARGET_QUERY).equal
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER TABLE dwh.orders DROP CONSTRAINT orders_pkey")
        known = connection.execute("SELECT min(order_id) FROM dwh.orders WHERE note LIKE 'note%'").fetchone()
        assert known
        statement = MUTATIONS[mutation].format(t="dwh.orders", id=known[0])
        assert connection.execute(statement.encode()).rowcount == 1
    found = compare(postgres, data.SOURCE_QUERY, postgres, data.TARGET_QUERY)
    assert not found.equal and found.differences
    assert str(found).endswith("content equal: no")


def test_two_equal_rows_removed(postgres: str) -> None:
    query = "SELECT status, is_gift FROM public.orders"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE TABLE less AS " + query)
        assert compare(postgres, query, postgres, "SELECT * FROM less ORDER BY random()").equal
        connection.execute(
            "DELETE FROM less WHERE ctid IN (SELECT ctid FROM less WHERE status = 'paid' AND is_gift LIMIT 2)"
        )
    found = compare(postgres, query, postgres, "SELECT * FROM less")
    assert (found.missing, found.extra, found.source_rows - found.target_rows) == (2, 0, 2)
    assert "in the source" in str(found.differences[0])


def test_clickhouse_target(postgres: str, chdb: Engine) -> None:
    _clickhouse_target(postgres, chdb.url)
    assert compare(postgres, data.SOURCE_QUERY, chdb.url, data.TARGET_QUERY).equal
    pinned = " SETTINGS mutations_sync = 2"
    for change in (
        "ALTER TABLE dwh.orders UPDATE note = concat(note, ' ') WHERE order_id = 3" + pinned,
        "ALTER TABLE dwh.orders UPDATE updated_at = updated_at + toIntervalMicrosecond(1) WHERE order_id = 3" + pinned,
        "INSERT INTO dwh.orders SELECT * FROM dwh.orders WHERE order_id = 3",
        "DELETE FROM dwh.orders WHERE order_id IN (3, 5)",
    ):
        _clickhouse_target(postgres, chdb.url)
        run_clickhouse(chdb.url, change)
        found = compare(postgres, data.SOURCE_QUERY, chdb.url, data.TARGET_QUERY)
        assert not found.equal, change
        assert found.differences[0].key == (3,)
    run_clickhouse(chdb.url, "DROP TABLE dwh.orders")


def test_chdb_folder_in_its_own_process(postgres: str, tmp_path: Path) -> None:
    same = "SELECT * FROM (SELECT 1 AS id, NULL AS nothing, '\\\\N\\t' AS text) UNION ALL SELECT 2, NULL, '' ORDER BY 1"
    other = "SELECT 1 AS id, NULL AS nothing, E'\\\\N\\t' AS text UNION ALL SELECT 2, NULL, ''"
    words = [sys.executable, "-m", "dpone_compiler.demo.compare", postgres, other, f"chdb://{tmp_path}/ch"]
    done = subprocess.run([*words, same], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "rows in source: 2, rows in target: 2, content equal: yes\n"), done
    different = subprocess.run([*words, same.replace("''", "' '")], capture_output=True, text=True, check=False)
    assert (different.returncode, different.stdout.splitlines()[1:]) == (
        1,
        [
            "rows of the source without an equal: 1, of the target: 1",
            "  key 2 differs: text is '' in the source, ' ' in the target",
        ],
    )


def test_clickhouse_of_2018_over_both_ports(postgres: str, clickhouse_server: ClickHouseServer) -> None:
    there = (
        "SELECT toInt64(-9007199254740993) AS i, toDecimal128('-0.0000000001', 10) AS d, 0.1 AS f, "
        "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS u, toDate('2024-02-29') AS day, "
        "toDateTime('2024-02-29 23:59:59', 'Asia/Tokyo') AS at, unhex('610009C3A95C4E') AS t, NULL AS n, toUInt8(1) AS b"
    )
    here = (
        "SELECT -9007199254740993, -0.0000000001, 0.1::float8, '61F0C404-5cb3-11e7-907b-a6006ad3dba0'::uuid, "
        "date '2024-02-29', timestamptz '2024-02-29 14:59:59+00', '\\x610009C3A95C4E'::bytea, NULL, true"
    )
    for url in (clickhouse_server.http_url, clickhouse_server.native_url):
        found = compare(postgres, here, url, there)
        assert found.equal, (url, *map(str, found.differences))
        assert not compare(postgres, here, url, there.replace("610009", "610109")).equal


@pytest.mark.parametrize(
    ("query", "says"),
    [("SELECT * FROM nowhere", "nowhere"), ("SELECT 1, 2", "columns"), ("SELECT 1/0", "division by zero")],
)
def test_what_cannot_be_read_is_not_a_difference(postgres: str, query: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        compare(postgres, "SELECT 1", postgres, query)


def test_unreachable_exits_2_without_the_password() -> None:
    dead = "postgresql://user:hunter2@127.0.0.1:1/db"
    words = [sys.executable, "-m", "dpone_compiler.demo.compare", dead, "SELECT 1", dead, "SELECT 1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr and "hunter2" not in done.stderr


def test_changes_are_the_same_everywhere_and_seen(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        changes = data.change_source(connection, hard_deletes=False)
        assert (changes.updated, changes.moved, changes.inserted, changes.deleted) == (300, 60, 30, 0)
        assert 0 < changes.left < 60
        assert data.delete_rows(connection) == 15
    assert not compare(postgres, data.SOURCE_QUERY, postgres, data.TARGET_QUERY).equal


def test_comparator_shares_no_code() -> None:
    for path in Path(package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [name for name in names if name.split(".")[0] == "dpone_compiler"]
            assert all(name.startswith("dpone_compiler.demo.compare") for name in ours), (path, ours)
            assert not isinstance(node, ast.ImportFrom) or node.level == 0, path


def test_an_unknown_scheme_is_refused(postgres: str) -> None:
    with pytest.raises(Unreadable, match="no reader for sqlite"):
        compare("sqlite:///x", "SELECT 1", postgres, "SELECT 1")
