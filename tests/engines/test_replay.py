"""Resync and resume on real engines: named partitions become the source's again, the others and the watermark stay."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from dpone_compiler.cli.replay import resume, resync
from dpone_compiler.cli.runs import runs
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.replay import resync_bundle, sequence_of, step_of_stage
from dpone_compiler.runtime.runner import run_bundle
from tests.engine_fixtures import FreshDatabase, run_clickhouse
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, EVERYWHERE, Sink, World, on

MONTHLY = {"column": "day", "by": "month"}
JANUARY, FEBRUARY, MARCH = "2026-01-01", "2026-02-01", "2026-03-01"
MODES = ["incremental_merge", "incremental_append", "partition_replace", "full_refresh"]
NO_APPEND = ("ch18", "incremental_append")


class Killed(BaseException):
    """The process ends here: nothing of the runner's own handling of errors sees it."""


class Trap(Faults):
    def _die(self, where: str) -> None:
        raise Killed(where)


@pytest.fixture
def world(sink: Sink, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    fresh: FreshDatabase = request.getfixturevalue(sink.fixture)
    return World(sink=sink, source_url=pg_wheel_db(), target_url=fresh(), folder=tmp_path)


def loaded(world: World, mode: str = "incremental_merge") -> World:
    """Three months, loaded."""
    world.orders()
    world.insert(*(order(i, f"v{i}", f"2026-0{1 + i % 3}-0{1 + i % 9}") for i in range(1, 31)))
    given = {"key": ["id"]} if mode == "incremental_merge" else {}
    if mode != "full_refresh":
        given["source"] = {"cursor": CURSOR}
    world.load(mode, partition=MONTHLY, **given).run()
    return world


def again(world: World, *partitions: str, faults: Faults | None = None) -> RunOutcome:
    """`dponec resync --yes`, without its command line."""
    bundle = resync_bundle(world.opened())
    asked = RunOptions(
        shown=str(world.bundle), runs=world.folder / "runs", params={"partitions": json.dumps(list(partitions))}
    )
    opener = world.opener(bundle)
    return run_bundle(bundle, asked, opener=opener, url=None, listener=Quiet(), faults=faults or Faults())


def identity(world: World) -> list[str]:
    """What stays the same exactly when nobody wrote: xmin and place of each row of February and March, or their parts."""
    if world.sink.clickhouse:
        query = (
            f"SELECT name FROM system.parts WHERE database = '{world.table[0]}' AND table = 'orders_copy' AND active "
            "AND partition_id != '202601' ORDER BY name FORMAT TabSeparated"
        )
        return run_clickhouse(world.target_url, query).splitlines()
    with psycopg.connect(world.target_url, autocommit=True) as session:
        rows = session.execute(f"SELECT xmin::text, ctid::text FROM orders_copy WHERE day >= '{FEBRUARY}' ORDER BY id")
        return [str(row) for row in rows]


def corrupt(world: World) -> None:
    """January behind the load's back: a row lost, a row doubled or invented."""
    if world.sink.clickhouse:
        world.target("ALTER TABLE orders_copy DROP PARTITION 202601")
    else:
        world.target("DELETE FROM orders_copy WHERE day < '2026-02-01' AND id % 2 = 0")
        world.target("UPDATE orders_copy SET note = 'wrong' WHERE day < '2026-02-01'")
    world.insert_target(order(1000, "invented", "2026-01-20"))


def everywhere_but_append_on_18() -> pytest.MarkDecorator:
    """Each strategy on each sink; 18.16 cannot append."""
    made = [(on(sink).mark.args[1][0], mode) for mode in MODES for sink in EVERYWHERE if (sink, mode) != NO_APPEND]
    params = [pytest.param(*each.values, mode, id=f"{each.id}-{mode}", marks=each.marks) for each, mode in made]
    return pytest.mark.parametrize(("sink", "mode"), params)


@everywhere_but_append_on_18()
def test_a_corrupted_partition_is_the_sources_again(world: World, mode: str) -> None:
    loaded(world, mode)
    before, watermark = identity(world), world.state("show")["watermark"]
    corrupt(world)
    outcome = again(world, JANUARY)
    assert outcome.exit_code == 0, outcome
    world.same(world.source_rows())
    assert identity(world) == before
    row = world.state("show")
    assert (row["phase"], row["watermark"], json.loads(row["partitions"])) == ("done", watermark, [JANUARY])
    assert world.leftovers() == []
    world.insert(order(50, "new", MARCH, world.now()))
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_an_append_is_resynced_up_to_its_watermark_only(world: World) -> None:
    loaded(world, "incremental_append")
    world.insert(order(99, "later", "2026-01-09", world.now()))
    assert again(world, JANUARY).exit_code == 0
    assert world.count() == 30
    world.run()
    world.same(world.source_rows())


@on("pg18", "chdb", "ch18")
def test_a_partition_that_the_source_has_emptied(world: World) -> None:
    loaded(world)
    world.source("DELETE FROM orders WHERE day >= '2026-02-01' AND day < '2026-03-01'")
    world.source("UPDATE orders SET note = 'v2' WHERE day < '2026-02-01'")
    assert again(world, JANUARY, FEBRUARY).exit_code == 0
    world.same(world.source_rows())
    alone = again(world, FEBRUARY)
    assert (alone.exit_code, alone.code) == (1, "DP502")


@on("pg18", "pg15", "chdb", "ch18")
@pytest.mark.parametrize(
    ("partitions", "code", "told"),
    [
        ((), "DP506", "no partition is named"),
        (("2026-01-15",), "DP506", "'2026-01-15' is no partition"),
        ((JANUARY, "january"), "DP506", "'january' is no partition"),
        (("2026-13-01",), "DP506", "'2026-13-01' is no partition"),
        ((JANUARY + " ",), "DP506", "is no partition"),
        (tuple(f"{year}-01-01" for year in range(1980, 2050)), "DP505", "partitions"),
    ],
)
def test_a_list_that_names_no_partitions_is_refused(
    world: World, partitions: tuple[str, ...], code: str, told: str
) -> None:
    loaded(world)
    before = world.state("show")
    outcome = again(world, *partitions)
    assert (outcome.exit_code, outcome.code, outcome.step) == (1, code, "check-partitions"), outcome
    assert told in outcome.message
    after = world.state("show")
    assert {name: after[name] for name in ("phase", "run_id", "watermark")} == {
        name: before[name] for name in ("phase", "run_id", "watermark")
    }
    world.same(world.source_rows())


POINTS = [("before", "transfer-rows"), ("before", "check-staged-rows"), ("after-commit", "record-staged")]
POINTS += [("before", "reconcile"), ("after-commit", "commit-state"), ("before", "release-lease")]


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize(("point", "step"), POINTS)
def test_a_resync_that_was_killed_is_finished(world: World, point: str, step: str) -> None:
    loaded(world)
    before, watermark = identity(world), world.state("show")["watermark"]
    corrupt(world)
    if not world.sink.clickhouse and point == "after-commit":
        step = {"record-staged": "prove", "commit-state": "finalize"}[step]
    with pytest.raises(Killed):
        again(world, JANUARY, faults=Trap(point, step))
    stopped = world.state("show")
    phase = stopped["phase"]
    assert phase != "done"
    # Other partitions are not what was begun; a run of the main plan is no way on where the target cannot roll back.
    if phase != "committed":
        other = again(world, MARCH)
        assert (other.exit_code, other.code) == (1, "DP414"), other
    if phase == "staged" and world.sink.clickhouse:
        run = world.outcome()
        assert (run.code, stopped["run_id"] in run.next) == ("DP412", True), run
    whole = world.opened()
    bundle = sequence_of(whole, stopped["fingerprint"])
    assert bundle.doc.steps != whole.doc.steps
    asked = RunOptions(shown=str(world.bundle), runs=world.folder / "runs", resume=stopped["run_id"])
    outcome = run_bundle(bundle, asked, opener=world.opener(bundle), url=None, listener=Quiet(), faults=Faults())
    assert (outcome.exit_code, outcome.run_id) == (0, stopped["run_id"]), outcome
    world.same(world.source_rows())
    assert identity(world) == before
    assert world.state("show")["watermark"] == watermark
    assert world.leftovers() == []


@on("pg18", "chdb")
def test_the_main_plan_never_goes_on_with_a_resync(world: World) -> None:
    loaded(world)
    corrupt(world)
    with pytest.raises(Killed):
        again(world, JANUARY, faults=Trap("before", "transfer-rows"))
    stopped = world.state("show")["run_id"]
    with_main = RunOptions(shown=str(world.bundle), runs=world.folder / "runs", resume=stopped)
    bundle = world.opened()
    refused = run_bundle(bundle, with_main, opener=world.opener(bundle), url=None, listener=Quiet(), faults=Faults())
    assert refused.code == "DP412"
    world.run()
    assert world.state("show")["run_id"] != stopped
    assert again(world, JANUARY).exit_code == 0
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_without_a_partition_there_is_no_resync(world: World) -> None:
    world.orders(partition="")
    world.insert(order(1))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}).run()
    assert world.opened().doc.replay["resync"]["instead"] == [
        "dponec state rewind orders WATERMARK",
        "dponec run BUNDLE",
    ]
    with pytest.raises(Exception, match="names no partition; instead: `dponec state rewind orders WATERMARK`"):
        resync_bundle(world.opened())


@on("pg18", "chdb")
def test_a_load_that_was_never_run_has_nothing_to_load_again(world: World) -> None:
    world.orders()
    world.insert(order(1))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}, partition=MONTHLY)
    assert again(world, JANUARY).code == "DP429"
    world.same([])


# ---- as a user types it ----------------------------------------------------------------------------------------------


def typed(world: World, monkeypatch: pytest.MonkeyPatch, command: object, *words: str) -> Result:
    monkeypatch.chdir(world.folder)
    monkeypatch.setenv("DPONE_CONN_SRC", world.source_url)
    monkeypatch.setenv("DPONE_CONN_DST", world.target_url)
    journal = ("--journal-dir", str(world.folder / "runs1"))
    return CliRunner().invoke(command, (*words, *journal), catch_exceptions=False)  # type: ignore[arg-type]


@on("pg18", "chdb")
def test_the_command_plans_records_and_executes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(world)
    run_id = world.state("show")["run_id"]
    corrupt(world)
    broken = world.rows()
    words = ("--run-id", run_id, "--partition", JANUARY)
    planned = typed(world, monkeypatch, resync, *words)
    assert (planned.exit_code, "nothing was changed" in planned.stdout) == (0, True)
    assert "transfer-rows: " in planned.stdout
    (recorded,) = (world.folder / ".dponec/replay").iterdir()
    plan = json.loads(recorded.read_text(encoding="utf-8"))
    assert (plan["mode"], plan["status"], plan["executed"], plan["state_committed"]) == (
        "plan",
        "planned",
        False,
        False,
    )
    world.same(broken)
    approved = typed(world, monkeypatch, resync, *words, "--yes", "--artifact-only", "--format", "json")
    artifact = json.loads(approved.stdout)
    assert (artifact["mode"], artifact["executed"], artifact["partitions"]) == ("approved", False, [JANUARY])
    assert json.loads(Path(artifact["artifact_path"]).read_text(encoding="utf-8"))["mode"] == "approved"
    world.same(broken)
    refused = typed(world, monkeypatch, resync, "--run-id", run_id, "--partition", "2026-01-15", "--yes")
    assert (refused.exit_code, "2026-01-15" in refused.stderr) == (1, True)
    done = typed(world, monkeypatch, resync, *words, "--yes", "--format", "json")
    assert (done.exit_code, json.loads(done.stdout)["status"]) == (0, "done")
    world.same(world.source_rows())


@on("pg18", "chdb")
def test_a_replay_that_fails_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(world)
    run_id = world.state("show")["run_id"]
    world.source("ALTER TABLE orders RENAME note TO remark")
    failed = typed(world, monkeypatch, resync, "--run-id", run_id, "--partition", JANUARY, "--yes")
    assert (failed.exit_code, "DP420" in failed.stderr) == (1, True)
    (artifact,) = (world.folder / ".dponec/replay").glob("*.json")
    assert json.loads(artifact.read_text(encoding="utf-8"))["status"] == "failed"


@on("pg18")
def test_an_unknown_run_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(world)
    unknown = "00000000-0000-0000-0000-000000000000"
    for command, words in (
        (resync, ("--run-id", unknown, "--partition", JANUARY, "--yes")),
        (resume, (unknown, "--from-stage", "extract", "--yes")),
        (runs, ("show", unknown)),
    ):
        told = typed(world, monkeypatch, command, *words)
        assert (told.exit_code, "no such run" in told.stderr) == (1, True)


@on("pg18", "chdb")
def test_a_killed_resync_is_resumed_from_another_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded(world)
    corrupt(world)
    with pytest.raises(Killed):
        again(world, JANUARY, faults=Trap("before", "reconcile"))
    run_id = world.state("show")["run_id"]
    words = (run_id, "--from-stage", "finalize", "--bundle", str(world.bundle), "--yes", "--format", "json")
    done = typed(world, monkeypatch, resume, *words)  # its journal is not in this folder
    assert (done.exit_code, json.loads(done.stdout)["run_id"]) == (0, run_id), done.output
    world.same(world.source_rows())


@on("pg18", "chdb")
@pytest.mark.parametrize("stage", ["extract", "validate", "finalize", "reconcile", "commit_state", "cleanup"])
def test_every_stage_of_plan_json_finishes_a_run_that_stopped_in_it(world: World, stage: str) -> None:
    world.orders()
    world.insert(*(order(i, "", f"2026-0{i}-01") for i in range(1, 4)))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}, partition=MONTHLY)
    stages = world.opened().doc.replay["resume"]["stages"]
    assert step_of_stage(world.opened().doc, stage)
    stage = stage if stage in stages else "finalize"  # a part of its transaction
    bundle = world.opened()
    asked = RunOptions(shown=str(world.bundle), runs=world.folder / "runs")
    last = stages[stage]["steps"][-1]
    with pytest.raises(Killed):
        run_bundle(bundle, asked, opener=world.opener(bundle), url=None, listener=Quiet(), faults=Trap("before", last))
    words = stages[stage]["next"].split()
    assert words[:4] == ["dponec", "resume", "RUN_ID", "--from-stage"]
    resumed = dataclasses.replace(
        asked, resume=world.state("show")["run_id"], from_step=step_of_stage(bundle.doc, words[4])
    )
    outcome = run_bundle(bundle, resumed, opener=world.opener(bundle), url=None, listener=Quiet(), faults=Faults())
    assert outcome.exit_code == 0, outcome
    world.same(world.source_rows())
    assert world.leftovers() == []
