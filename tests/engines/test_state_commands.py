"""State commands on real engines: each row of the table in docs/adr/0003, allowed and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dpone_compiler.cli.runs import runs
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RefusedError, RunOutcome
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.state import staging_left
from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, Sink, World, on
from tests.engines.test_replay import Killed, Trap

EVERY = on("pg18", "chdb", "ch18")
GARBAGE = ["yesterday", "2026-13-45", "'; DROP TABLE orders_copy; --", "12"]


@pytest.fixture
def world(sink: Sink, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    fresh: FreshDatabase = request.getfixturevalue(sink.fixture)
    return World(sink=sink, source_url=pg_wheel_db(), target_url=fresh(), folder=tmp_path)


def merging(world: World) -> World:
    """Two orders in the source, the load compiled and not yet run."""
    world.orders()
    world.insert(order(1, at="2026-01-01"), order(2, at="2026-02-01"))
    partition = {"column": "day", "by": "month"}
    return world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}, partition=partition)


def refused(world: World, name: str, **params: str) -> str:
    """The command must have no effect, and say why."""
    with pytest.raises(RefusedError) as caught:
        world.state(name, **params)
    assert caught.value.exit_code == 1
    return caught.value.code


def killed(world: World, point: str, step: str) -> str:
    """Begin a run and kill it there; its run id."""
    bundle = world.opened()
    asked = RunOptions(shown=str(world.bundle), runs=world.folder / "killed")
    with pytest.raises(Killed):
        run_bundle(bundle, asked, opener=world.opener(bundle), url=None, listener=Quiet(), faults=Trap(point, step))
    return world.state("show")["run_id"]


def staged(world: World) -> str:
    """A run that is killed when its staging is proved."""
    return killed(world, "after-commit", "record-staged" if world.sink.clickhouse else "prove")


@EVERY
def test_show(world: World) -> None:
    merging(world)
    assert refused(world, "show") == "DP428"
    outcome = world.run()
    row = world.state("show")
    assert (row["phase"], row["run_id"], row["committed_run_id"]) == ("done", outcome.run_id, outcome.run_id)
    assert (row["fence"], row["rows_applied"], row["attempt"]) == ("1", "2", "1")
    assert row["watermark"] == row["window_high"] != ""


@EVERY
def test_set_and_rewind_when_nothing_is_unfinished(world: World) -> None:
    merging(world)
    assert refused(world, "set", watermark="2026-01-15 00:00:00+00") == "DP428"  # never loaded: adopt is the way
    world.run()
    first = world.state("show")["watermark"]
    assert refused(world, "rewind", watermark="2999-01-01 00:00:00+00") == "DP428"
    assert refused(world, "rewind", watermark=first) == "DP428"
    assert world.state("rewind", watermark="2026-01-15 00:00:00+00")["watermark"] == "2026-01-15 00:00:00+00"
    assert world.state("show")["fence"] == "2"
    world.target("DELETE FROM orders_copy WHERE id = 2" if not world.sink.clickhouse else "TRUNCATE TABLE orders_copy")
    world.run()
    assert 2 in {row.id for row in world.rows()}  # read again
    assert world.state("set", watermark="2026-02-01 00:00:00+00")["watermark"] == "2026-02-01 00:00:00+00"


@EVERY
def test_a_watermark_beyond_the_horizon_is_refused(world: World) -> None:
    merging(world)
    assert refused(world, "adopt", watermark="2999-01-01 00:00:00+00") == "DP447"
    world.run()
    before = world.state("show")
    assert refused(world, "set", watermark="2999-01-01 00:00:00+00") == "DP447"
    assert world.state("show") == before


@EVERY
def test_a_number_that_no_row_has_is_no_watermark(world: World) -> None:
    world.orders()
    world.insert(order(1), order(7))
    world.load("incremental_merge", key=["id"], source={"cursor": {"column": "id", "lag": 0}})
    assert refused(world, "adopt", watermark="9") == "DP447"
    assert world.state("adopt", watermark="8")["watermark"] == "8"  # above the highest: all that is there is loaded


@EVERY
@pytest.mark.parametrize("watermark", GARBAGE)
def test_garbage_is_no_watermark(world: World, watermark: str) -> None:
    merging(world).run()
    before = world.state("show")
    for name in ("set", "rewind", "adopt"):
        refused(world, name, watermark=watermark)
    assert world.state("show") == before
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("watermark", ["x", "1.5", "9223372036854775808", "-"])
def test_garbage_is_no_number(world: World, watermark: str) -> None:
    world.orders()
    world.insert(order(10))
    world.load("incremental_merge", key=["id"], source={"cursor": {"column": "id", "lag": 0}})
    world.state("adopt", watermark="5")
    for name in ("set", "rewind", "adopt"):
        refused(world, name, watermark=watermark)
    assert refused(world, "rewind", watermark="10") == "DP428"  # as numbers, not as texts
    assert world.state("rewind", watermark="4")["watermark"] == "4"


@EVERY
def test_nothing_but_abort_is_allowed_while_an_attempt_is_unfinished(world: World) -> None:
    merging(world)
    run_id = staged(world)
    for name in ("set", "rewind", "adopt"):
        assert refused(world, name, watermark="2026-01-01 00:00:00+00") == "DP428"
    assert refused(world, "abort", run_id="00000000-0000-0000-0000-000000000000") == "DP428"
    assert world.state("show")["run_id"] == run_id


@EVERY
def test_adopt_lets_the_first_run_begin_on_rows_that_are_there(world: World) -> None:
    merging(world)
    world.insert_target(order(1, "as it was"))
    assert world.fails("DP411").exit_code == 1
    assert world.state("adopt", watermark="2026-01-15 00:00:00+00")["watermark"] == "2026-01-15 00:00:00+00"
    assert world.state("show")["phase"] == "idle"
    world.run()
    world.same([order(1, "as it was"), order(2, at="2026-02-01")])
    world.state("adopt", watermark="")  # again, with nothing unfinished: harmless, and the watermark stays
    assert world.state("show")["watermark"] != ""


@EVERY
def test_adopt_without_a_watermark_reads_everything(world: World) -> None:
    merging(world)
    world.insert_target(order(1, "as it was"))
    world.state("adopt", watermark="")
    world.run()
    world.same(world.source_rows())


@EVERY
def test_abort_frees_the_load_and_the_next_run_drops_its_staging(world: World) -> None:
    merging(world)
    run_id = staged(world)
    before = world.state("show")
    assert world.leftovers() != []
    left = staging_left(world.opened(), world.opener(world.opened()))
    assert {(row["name"] in world.leftovers(), row["rows"]) for row in left} >= {(True, "2")}
    assert world.state("abort", run_id=run_id)["phase"] == "idle"
    after = world.state("show")
    assert int(after["fence"]) == int(before["fence"]) + 1
    assert refused(world, "abort", run_id=run_id) == "DP428"
    outcome = world.run()
    assert outcome.run_id != run_id
    world.same(world.source_rows())
    assert staging_left(world.opened(), world.opener(world.opened())) == []


@on("chdb", "ch18")
def test_an_aborted_first_run_may_have_left_rows_and_then_adopt_is_asked_for(world: World) -> None:
    merging(world)
    run_id = killed(world, "before", "reconcile")
    world.state("abort", run_id=run_id)
    world.fails("DP411")
    world.state("adopt", watermark="")
    world.run()
    world.same(world.source_rows())


@EVERY
def test_abort_of_a_committed_run_is_refused(world: World) -> None:
    merging(world)
    run_id = killed(world, "before", "release-lease")
    assert world.state("show")["phase"] == "committed"
    assert refused(world, "abort", run_id=run_id) == "DP428"
    world.run()
    assert world.state("show")["run_id"] == run_id
    assert refused(world, "abort", run_id=run_id) == "DP428"


@EVERY
def test_abort_after_a_committed_run_gives_done(world: World) -> None:
    merging(world).run()
    committed = world.state("show")
    world.insert(order(3, at=world.now()))
    run_id = killed(world, "before", "transfer-rows")
    assert world.state("abort", run_id=run_id)["phase"] == "done"
    assert world.state("show")["watermark"] == committed["watermark"]
    world.run()
    world.same(world.source_rows())


@on("pg18")
def test_a_run_that_lives_cannot_be_aborted(world: World) -> None:
    merging(world)
    seen: list[str] = []

    class Watching(Quiet):
        def step_started(self, step: str, purpose: str) -> None:
            if step == "transfer-rows":
                seen.append(refused(world, "abort", run_id=world.state("show")["run_id"]))

    bundle = world.opened()
    asked = RunOptions(shown=str(world.bundle), runs=world.folder / "runs")
    done = run_bundle(bundle, asked, opener=world.opener(bundle), url=None, listener=Watching(), faults=Trap())
    assert (done.exit_code, seen) == (0, ["DP428"])


@EVERY
@pytest.mark.parametrize("step", ["transfer-rows", "check-staged-rows", "commit-state", "release-lease"])
def test_a_zombie_writes_nothing_after_a_state_command(world: World, step: str) -> None:
    """The token rises under a run that goes on: its next write of state or data must fail."""
    merging(world)
    if not world.sink.clickhouse:  # inside a transaction the row is locked, and nobody can raise the token
        step = {"transfer-rows": "fence-stage-rows", "check-staged-rows": "fence-prove"}.get(step, step)
        step = "fence-finalize" if step == "commit-state" else step
    zombie: list[RunOutcome] = []

    class Raising(Quiet):
        def step_started(self, started: str, purpose: str) -> None:
            if started == step:
                _raise_the_fence(world)

    bundle = world.opened()
    asked = RunOptions(shown=str(world.bundle), runs=world.folder / "runs")
    zombie.append(run_bundle(bundle, asked, opener=world.opener(bundle), url=None, listener=Raising(), faults=Trap()))
    row = world.state("show")
    assert row["fence"] == "2"
    if step == "release-lease":  # its data and state were in before
        assert row["phase"] in ("committed", "done")
        return
    assert (zombie[0].exit_code, row["watermark"], row["committed_run_id"]) == (5, "", ""), zombie
    if not world.sink.clickhouse:
        world.same([])
    assert world.outcome().exit_code in (0, 4)


def _raise_the_fence(world: World) -> None:
    """What abort does to the token, without its conditions: the aborted run's holder may only seem to be dead."""
    if world.sink.clickhouse:
        table = f"{world.table[0]}.dponec_state"
        columns = (
            "load, fence, run_id, phase, fingerprint, window_low, window_high, partitions, rows_staged, digest, attempt"
        )
        picked = ", ".join({"fence": "fence + 1"}.get(name, name) for name in columns.split(", "))
        world.target(
            f"INSERT INTO {table} (seq, {columns}) SELECT seq + 1, {picked} FROM {table} ORDER BY seq DESC LIMIT 1"
        )
    else:
        world.target("UPDATE dponec.dponec_state SET fence = fence + 1")


@on("pg18", "chdb")
def test_runs_as_a_user_types_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    merging(world)
    run_id = staged(world)
    monkeypatch.chdir(world.folder)
    monkeypatch.setenv("DPONE_CONN_SRC", world.source_url)
    monkeypatch.setenv("DPONE_CONN_DST", world.target_url)
    here = ("--journal-dir", str(world.folder / "killed"))
    listed = CliRunner().invoke(runs, ("list", "--staging", "--format", "json", *here))
    told = json.loads(listed.stdout)
    assert [(one["run_id"], one["status"]) for one in told["runs"]] == [
        (run_id, "no end recorded (killed, or still running)")
    ]
    assert {(one["load"], one["rows"]) for one in told["staging"]} >= {("orders", "2")}
    assert "staging of orders: " in CliRunner().invoke(runs, ("list", "--staging", *here)).stdout
    shown = CliRunner().invoke(runs, ("show", run_id, *here))
    assert (shown.exit_code, f"run_id: {run_id}" in shown.stdout) == (0, True)
    unknown = CliRunner().invoke(runs, ("abort", "00000000-0000-0000-0000-000000000000", *here))
    assert (unknown.exit_code, "no such run" in unknown.stderr) == (1, True)
    aborted = CliRunner().invoke(runs, ("abort", run_id, *here))
    assert (aborted.exit_code, "phase: idle" in aborted.stdout) == (0, True), aborted.output
    again = CliRunner().invoke(runs, ("abort", run_id, *here))
    assert (again.exit_code, "DP428" in again.stderr) == (1, True)
