"""Live replay through the facade, on real engines: the bundle's own steps, and a failure that is told as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.strategy_intelligence import (
    ReplayBackendConnection,
    ReplayExecutionRequest,
    ReplayExecutionResult,
    ReplayExecutionService,
    RuntimeReplayBackendFactory,
    RuntimeSqlReplayClient,
)
from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, Sink, World, on
from tests.engines.test_replay import FEBRUARY, JANUARY, Killed, Trap, corrupt, loaded


@pytest.fixture
def world(sink: Sink, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    fresh: FreshDatabase = request.getfixturevalue(sink.fixture)
    return World(sink=sink, source_url=pg_wheel_db(), target_url=fresh(), folder=tmp_path)


def replay(world: World, request: ReplayExecutionRequest) -> ReplayExecutionResult:
    """As a deployment does it: a connection, the factory's backend, the service."""
    environ = {"DPONE_CONN_SRC": world.source_url, "DPONE_CONN_DST": world.target_url}
    connection = ReplayBackendConnection(
        sink_type=world.sink.engine, connection_id="dst", target_table="orders_copy", bundle=str(world.bundle)
    )
    backend = RuntimeReplayBackendFactory(environ=environ).build(connection)
    return ReplayExecutionService(artifact_dir=world.folder / "replay", backend=backend).execute(request)


def asked(world: World, action: str, run_id: str, *partitions: str) -> ReplayExecutionRequest:
    return ReplayExecutionRequest(
        action, run_id, "postgres", world.sink.engine, "incremental_merge", partitions=partitions, yes=True
    )


@on("pg18", "chdb")
def test_a_resync_replaces_the_named_partitions_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)
    loaded(world)
    run_id = world.state("show")["run_id"]
    corrupt(world)
    done = replay(world, asked(world, "resync", run_id, JANUARY))
    assert (done.status, done.executed, done.state_committed) == ("executed", True, True)
    assert done.operations == ("validate_staging", "execute_finalizer", "reconcile", "commit_state")
    world.same(world.source_rows())
    assert world.leftovers() == []


@on("pg18", "chdb")
def test_a_run_that_was_killed_is_finished(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)
    world.orders()
    world.insert(*(order(i, "", f"2026-0{i}-01") for i in range(1, 4)))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR})
    bundle = world.opened()
    options = RunOptions(shown=str(world.bundle), runs=world.folder / "runs")
    with pytest.raises(Killed):
        run_bundle(
            bundle,
            options,
            opener=world.opener(bundle),
            url=None,
            listener=Quiet(),
            faults=Trap("before", "commit-state"),
        )
    run_id = world.state("show")["run_id"]
    wrong = replay(world, asked(world, "resume", "00000000-0000-0000-0000-000000000000"))
    assert (wrong.executed, wrong.operations) == (False, ("validate_staging",))
    done = replay(world, asked(world, "resume", run_id))
    assert (done.status, done.state_committed) == ("executed", True)
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_replay_that_fails_commits_no_state(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)
    loaded(world)
    run_id = world.state("show")["run_id"]
    watermark = world.state("show")["watermark"]
    world.source("ALTER TABLE orders RENAME note TO remark")
    done = replay(world, asked(world, "resync", run_id, JANUARY, FEBRUARY))
    assert (done.status, done.executed, done.state_committed) == ("failed", False, False)
    assert world.state("show")["watermark"] == watermark


@on("pg18", "chdb")
def test_the_narrow_client_asks_and_runs(world: World) -> None:
    world.orders()
    world.load("full_refresh")
    opener = world.opener(world.opened())
    client = RuntimeSqlReplayClient(opener("dst"))
    schema, name = world.table
    assert client.exists(schema, name)
    assert not client.exists(schema, "o'rders; DROP TABLE x")
    assert client.scalar("SELECT 42") == "42"
    with pytest.raises(LookupError):
        client.scalar(
            "SELECT 42 WHERE 1 = 0" if world.sink.engine == "postgres" else "SELECT 42 FROM system.one WHERE 0"
        )
