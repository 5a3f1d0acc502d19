"""dponec introspect on real engines: what is written, what is merged, and that a failure leaves the snapshot alone."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import yaml

from tests.cli.commands import dponec
from tests.engine_fixtures import FreshDatabase, run_clickhouse

MANIFEST = """name: orders
source: {{type: postgres, connection_id: src, table: {{schema: public, name: {source}}}}}
sink: {{type: {engine}, connection_id: dst, table: {{schema: {schema}, name: orders}}, strategy: {{mode: full_refresh}}}}
"""


@pytest.fixture
def here(pg_wheel_db: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest Postgres to Postgres whose tables are there."""
    for name in ("SRC", "DST"):
        url = pg_wheel_db()
        monkeypatch.setenv(f"DPONE_CONN_{name}", url)
        with psycopg.connect(url, autocommit=True) as session:
            session.execute("CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE TABLE other (id int)")
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tmp_path


def write(folder: Path, source: str = "orders", engine: str = "postgres", schema: str = "public") -> None:
    text = MANIFEST.format(source=source, engine=engine, schema=schema)
    (folder / "orders.yaml").write_text(text, encoding="utf-8")


def tables(path: Path) -> list[str]:
    return [table["name"] for table in yaml.safe_load(path.read_text(encoding="utf-8"))["tables"]]


def test_a_snapshot_a_connection_and_then_compile_works_offline(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = dponec("introspect", "orders.yaml")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "wrote catalog/src.yaml (1 table)\nwrote catalog/dst.yaml (1 table)\n"
    assert sorted(path.name for path in (here / "catalog").iterdir()) == ["dst.yaml", "src.yaml"]
    monkeypatch.delenv("DPONE_CONN_SRC")
    monkeypatch.delenv("DPONE_CONN_DST")
    checked = dponec("check", "orders.yaml")
    assert (checked.exit_code, checked.stderr) == (0, "")


def test_tables_that_are_not_named_stay(here: Path) -> None:
    dponec("introspect", "orders.yaml")
    write(here, source="other")
    done = dponec("introspect", "orders.yaml")
    assert "wrote catalog/src.yaml (1 table, 1 kept)" in done.stdout
    assert "unchanged: catalog/dst.yaml (1 table)" in done.stdout
    assert tables(here / "catalog" / "src.yaml") == ["orders", "other"]


def test_a_missing_table_leaves_the_snapshot_alone(here: Path) -> None:
    dponec("introspect", "orders.yaml")
    before = (here / "catalog" / "src.yaml").read_bytes()
    write(here, source="no_such_table")
    refused = dponec("introspect", "orders.yaml")
    assert refused.exit_code == 1
    assert "DP611" in refused.stderr
    assert (here / "catalog" / "src.yaml").read_bytes() == before
    assert [path.name for path in (here / "catalog").iterdir() if path.name.startswith(".")] == []


def test_an_unreachable_server_is_transient(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DPONE_CONN_SRC", "postgresql://me:hunter2@127.0.0.1:1/db")
    refused = dponec("introspect", "orders.yaml")
    assert refused.exit_code == 4
    assert "DP610" in refused.stderr
    assert "hunter2" not in refused.output
    assert not (here / "catalog" / "src.yaml").exists()


def test_a_connection_without_url(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DPONE_CONN_SRC")
    refused = dponec("introspect", "orders.yaml")
    assert (refused.exit_code, "DP601" in refused.stderr) == (1, True)


def test_a_url_of_another_engine(here: Path) -> None:
    write(here, engine="clickhouse")
    refused = dponec("introspect", "orders.yaml")
    assert (refused.exit_code, "DP614" in refused.stderr) == (1, True)


def test_a_broken_snapshot_is_repaired(here: Path) -> None:
    (here / "catalog").mkdir()
    (here / "catalog" / "src.yaml").write_text("not: a snapshot\n")
    assert dponec("introspect", "orders.yaml").exit_code == 0
    assert tables(here / "catalog" / "src.yaml") == ["orders"]


def test_clickhouse(here: Path, chdb_db: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    url = chdb_db()
    run_clickhouse(url, "CREATE TABLE orders (id Int32, note Nullable(String)) ENGINE = MergeTree ORDER BY id")
    monkeypatch.setenv("DPONE_CONN_DST", url if url.startswith("clickhouse+http") else "clickhouse+" + url)
    write(here, engine="clickhouse", schema=url.rpartition("/")[2])
    done = dponec("introspect", "orders.yaml", "-o", "facts")
    assert done.exit_code == 0, done.stderr
    assert tables(here / "facts" / "dst.yaml") == ["orders"]
