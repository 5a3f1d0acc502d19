"""preflight --live on real servers: each probe passes, fails by name, or says that it does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.commands import dponec
from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.world import CURSOR, Sink, World, on


@pytest.fixture
def world(sink: Sink, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    fresh: FreshDatabase = request.getfixturevalue(sink.fixture)
    made = World(sink=sink, source_url=pg_wheel_db(), target_url=fresh(), folder=tmp_path)
    made.orders()
    made.load("incremental_merge", key=["id"], source={"cursor": CURSOR})
    return made


def probes(world: World, monkeypatch: pytest.MonkeyPatch, **environ: str) -> tuple[int, dict[str, Any]]:
    for name, url in {"DPONE_CONN_SRC": world.source_url, "DPONE_CONN_DST": world.target_url, **environ}.items():
        monkeypatch.setenv(name, url)
    (manifest,) = world.folder.glob("*.yaml")
    shown = dponec("preflight", manifest, "--live", "--format", "json")
    return shown.exit_code, {each["name"]: each for each in json.loads(shown.stdout)["probes"]}


@on("pg18", "chdb")
def test_a_ready_load_passes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found = probes(world, monkeypatch)
    assert code == 0, found
    assert {each["status"] for each in found.values()} <= {"passed", "unknown"}
    assert found["target drift"]["status"] == "passed"
    write = found["target write permission"]["status"]
    assert write == ("passed" if world.sink.engine == "postgres" else "unknown")


@on("pg18")
def test_what_is_missing_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.source("ALTER TABLE orders ADD extra int")
    world.target("ALTER TABLE orders_copy DROP COLUMN note")
    world.target("CREATE ROLE narrow LOGIN")
    world.target("GRANT SELECT ON orders_copy TO narrow")
    code, found = probes(world, monkeypatch, DPONE_CONN_DST=world.target_url.replace("postgres@", "narrow@"))
    assert code == 1
    assert "INSERT, UPDATE, DELETE" in found["target write permission"]["message"]
    assert "column 'note' is gone" in found["target drift"]["message"]
    assert "column 'extra' has come" in found["source drift"]["message"]
    assert found["staging schema"]["status"] == "failed"


@on("pg18")
def test_row_security_that_would_stop_the_load_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    role = f"bound_{world.source_url.rpartition('/')[2]}"
    world.source(
        f"CREATE ROLE {role} LOGIN; GRANT SELECT ON orders TO {role}; ALTER TABLE orders ENABLE ROW LEVEL SECURITY"
    )
    try:
        code, found = probes(world, monkeypatch, DPONE_CONN_SRC=world.source_url.replace("postgres@", f"{role}@"))
    finally:
        world.source(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert (code, found["source row security"]["status"], found["target row security"]["status"]) == (
        1,
        "failed",
        "passed",
    )


@on("pg18")
def test_a_lock_in_the_way_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(world.target_url) as other:
        other.execute("LOCK TABLE orders_copy IN ACCESS EXCLUSIVE MODE")
        code, found = probes(world, monkeypatch)
    assert code == 1
    assert "AccessExclusiveLock" in found["target lock risk"]["message"]


@on("pg18", "chdb")
def test_a_table_that_is_not_there_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.target("DROP TABLE orders_copy")
    code, found = probes(world, monkeypatch)
    assert (code, found["target table"]["status"]) == (1, "failed")
