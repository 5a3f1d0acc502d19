"""dponec init: every scaffold is a manifest that our own reader takes, and nothing that is there is touched."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dpone_compiler.runtime.connections.resolve import resolve_connection
from tests.cli.commands import dponec
from tests.engine_fixtures import FreshDatabase

ROUTES = [(source, sink) for source in ("postgres", "mssql") for sink in ("postgres", "mssql", "clickhouse")]


@pytest.mark.parametrize(("source", "sink"), ROUTES)
def test_only_the_columns_are_missing(source: str, sink: str, tmp_path: Path) -> None:
    made = dponec("init", tmp_path / "new", "--source-type", source, "--sink-type", sink)
    assert made.exit_code == 0, made.output
    assert [line.split()[0] for line in made.stdout.splitlines()[:4]] == ["wrote"] * 4
    checked = dponec("check", tmp_path / "new" / "loads")
    assert checked.exit_code == 1
    assert [line[:12] for line in checked.stderr.splitlines() if line.startswith("error")] == ["error[DP201]"]
    schema = (tmp_path / "new" / "dponec.schema.json").read_text()
    assert schema == dponec("schema").stdout


def test_the_connections_are_read_and_hold_no_secret(tmp_path: Path) -> None:
    for source, sink in ROUTES:
        folder = tmp_path / f"{source}_{sink}"
        dponec("init", folder, "--source-type", source, "--sink-type", sink)
        for name in ("shop", "dwh"):
            secret = {f"{name.upper()}_PASSWORD": "s3cret"}
            url = resolve_connection(name, environ=secret, file=folder)
            assert (url.password, url.host) == ("s3cret", "localhost")


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    first = dponec("init", tmp_path)
    assert "kept" in first.stdout and (tmp_path / ".gitignore").read_text() == "mine\n"
    manifest = tmp_path / "loads" / "orders.yaml"
    manifest.write_text("mine: too\n")
    again = dponec("init", tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in again[:5]] == ["kept"] * 4 + ["next:"]
    assert manifest.read_text() == "mine: too\n"


def test_a_place_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "loads").write_text("a file")
    refused = dponec("init", tmp_path)
    assert refused.exit_code == 1
    assert "loads" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.postgres_wheel
def test_the_printed_steps_load_a_table(
    pg_wheel_db: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, dwh = pg_wheel_db(), pg_wheel_db()
    with psycopg.connect(shop, autocommit=True) as session:
        session.execute("CREATE TABLE orders (order_id bigint PRIMARY KEY, note text, updated_at timestamptz NOT NULL)")
        session.execute(
            "INSERT INTO orders SELECT g, 'n' || g, now() - interval '1 day' FROM generate_series(1, 10) AS g"
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DPONE_CONN_SHOP", shop)
    monkeypatch.setenv("DPONE_CONN_DWH", dwh)
    lines = dponec("init").stdout.split("next:\n")[1].splitlines()
    commands = [line.split("#")[0].split()[1:] for line in lines if line.strip().startswith("dponec ")]
    assert [words[0] for words in commands] == ["introspect", "advise", "compile", "run"]
    for words in commands:
        done = dponec(*words)
        assert done.exit_code == 0, (words, done.output)
    with psycopg.connect(dwh) as session:
        assert session.execute("SELECT count(*), min(note) FROM orders").fetchone() == (10, "n1")
