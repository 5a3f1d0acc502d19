"""backfill: slices of a range, each loaded once by an inner mode, as verify/meaning/backfill.py says; the engines are the judge."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from dpone_compiler.verify.meaning.asked import Asked, Outcome, Partition, Source, State
from dpone_compiler.verify.meaning.backfill import backfill as meaning_of
from tests.engines.loads.hooks import Died, death
from tests.engines.loads.model import Order, order, ordered
from tests.engines.loads.test_mutants import mutate
from tests.engines.loads.world import CURSOR, EVERYWHERE, World, on

MONTHS = {"column": "day", "by": "month"}
DAYS = {"column": "day", "kind": "date", "from": "2026-01-01", "to": "2026-03-01", "step": "20 days"}
SLICES = (
    (date(2026, 1, 1), date(2026, 1, 21)),
    (date(2026, 1, 21), date(2026, 2, 10)),
    (date(2026, 2, 10), date(2026, 3, 1)),
)
INNER = ("incremental_append", "incremental_merge", "partition_replace", "replace")


def filling(world: World, inner: str, chunk: dict[str, Any] | None = None, **given: Any) -> World:
    strategy = {"key": ["id"]} if inner != "incremental_append" else {}
    if inner == "partition_replace" or world.sink.clickhouse:
        strategy["partition"] = MONTHS
    return world.load("backfill", backfill={"inner_mode": inner, "chunk": chunk or DAYS}, **{**strategy, **given})


def meant(inner: str, target: Iterable[Order], source: Iterable[Order], state: State, **asked: Any) -> Outcome:
    """What the model says of the same slices."""
    said = {"key": () if inner == "incremental_append" else ("id",), "slices": SLICES, "slice_by": "day"} | asked
    by_month = Partition("day", of=lambda day: (day.year, day.month))
    rows = [tuple(row._asdict() for row in each) for each in (target, source)]
    return meaning_of(inner)(rows[0], Source(rows=rows[1]), state, Asked(partition=by_month, **said))


def agrees(world: World, outcome: Outcome) -> None:
    world.same(Order(**row) for row in outcome.target)


def noted(world: World) -> list[tuple[str, ...]]:
    """The slices that the target has recorded, in their order."""
    schema = world.target_url.rpartition("/")[2] if world.sink.clickhouse else "dponec"
    return world.asked(f"SELECT window_low, window_high FROM {schema}.dponec_slices ORDER BY window_low, window_high")


def orders() -> list[Order]:
    """Every slice has rows, at its edges too; one row lies before the range and one behind it."""
    days = (
        "2025-12-31",
        "2026-01-01",
        "2026-01-20",
        "2026-01-21",
        "2026-02-09",
        "2026-02-10",
        "2026-02-28",
        "2026-03-01",
    )
    return [order(number, "v1", day) for number, day in enumerate(days, start=1)]


def fits(world: World, inner: str) -> None:
    if world.sink.name == "ch18" and inner == "incremental_append":
        pytest.skip("18.16 cannot move partitions, so it has no append")


@on(*EVERYWHERE)
@pytest.mark.parametrize("inner", INNER)
def test_slice_after_slice_and_a_second_time_nothing(world: World, inner: str) -> None:
    fits(world, inner)
    world.orders()
    world.insert(*orders())
    first = meant(inner, (), orders(), State())
    outcome = filling(world, inner).run()
    assert outcome.rows >= 6
    agrees(world, first)
    texts = [(low.isoformat(), high.isoformat()) for low, high in SLICES]
    assert noted(world) == texts
    assert world.state("show")["watermark"] == ""
    world.source("UPDATE orders SET note = 'v2'")
    world.source("DELETE FROM orders WHERE id = 3")
    before = world.rows()
    assert world.run().message == "every slice of the backfill is loaded"
    assert ordered(world.rows()) == ordered(before)
    assert noted(world) == texts


@on(*EVERYWHERE)
@pytest.mark.parametrize("inner", ["incremental_merge", "partition_replace", "replace"])
def test_rows_that_are_there_changed_moved_and_gone(world: World, inner: str) -> None:
    """The target holds old versions; a row without a day lies in no slice, and no partition on ClickHouse could hold it."""
    nulls = inner != "partition_replace"
    world.orders(
        day="" if nulls else "NOT NULL", partition="toYYYYMM(assumeNotNull(day))" if nulls else "toYYYYMM(day)"
    )
    old = [
        order(1, "old", "2025-12-31"),
        order(2, "old", "2026-01-05"),
        order(3, "gone", "2026-01-06"),
        order(4, "moves", "2026-02-20"),
        *([order(9, "none", None)] * nulls),
    ]
    new = [
        order(2, "new", "2026-01-05"),
        order(4, "moved", "2026-01-25"),
        order(5, "new", "2026-02-15"),
        *([order(8, "none", None)] * nulls),
    ]
    world.insert_target(*old)
    world.insert(*new)
    filling(world, inner).state("adopt", watermark="")
    world.run()
    agrees(world, meant(inner, old, new, State(known=True)))


@on(*EVERYWHERE)
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("point", ["before:record-staged", "before:record-slice", "after-commit", "before:drop-rows"])
def test_an_interrupted_backfill_goes_on_where_it_stopped(world: World, inner: str, point: str) -> None:
    """It dies in its second slice; its journal is lost, and what changed in the first slice meanwhile is not read."""
    fits(world, inner)
    world.orders()
    world.insert(*orders())
    filling(world, inner)
    if point == "after-commit":
        point = "after-commit:commit-state" if world.sink.clickhouse else "after-commit:finalize"
    with pytest.raises(Died):
        world.outcome(faults=death(point, time=2))
    shutil.rmtree(world.folder / f"runs{world.runs}")
    world.source("UPDATE orders SET note = 'late' WHERE day = '2026-01-01'")
    moved = world.bundle.rename(world.folder / "elsewhere")
    world.bundle = moved
    world.run()
    if inner == "partition_replace":  # a month is read whole, by the second slice that lies in it too
        assert len(world.rows()) == len({row.id for row in world.rows()})
    else:
        agrees(world, meant(inner, (), orders(), State()))
    assert len(noted(world)) == len(SLICES)
    assert len(set(noted(world))) == len(SLICES)


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize(
    ("inner", "policy"),
    [
        *((inner, "fail") for inner in INNER),
        *((inner, "keep") for inner in INNER[:3]),
        ("partition_replace", "clear"),
        ("replace", "clear"),
    ],
)
def test_a_slice_without_rows(world: World, inner: str, policy: str) -> None:
    """Nothing is in the second slice, but the target's old row; with a filter a draft there does not count."""
    fits(world, inner)
    world.orders()
    rows = [*(row for row in orders() if row.id not in (4, 5)), order(4, "draft", "2026-01-21")]
    world.insert(*rows)
    old = [order(90, "old", "2026-01-25")] if inner == "replace" else []
    world.insert_target(*old)
    filling(world, inner, empty_slice=policy, source={"where": "note <> 'draft'"}).state("adopt", watermark="")
    expected = meant(inner, old, rows, State(known=True), empty_slice=policy, where=lambda row: row["note"] != "draft")
    if policy == "fail":
        assert "no row of the slice" in world.fails("DP502").message
    else:
        world.run()
    agrees(world, expected)
    assert len(noted(world)) == len(expected.state.done)


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("inner", ["incremental_merge", "replace"])
@pytest.mark.parametrize("kind", ["integer", "timestamp"])
def test_numbers_and_instants(world: World, inner: str, kind: str) -> None:
    """Ends lie in their own slice and not in the one before; the last slice is cut where the range ends."""
    world.orders()
    rows = [order(number, "v1", at=f"2026-05-01 0{number}:00:00") for number in range(8)]
    world.insert(*rows, order(-5, "below"), order(9, "above", at="2026-05-01 09:00"))
    chunk: dict[str, Any] = {"column": "id", "kind": "integer", "from": 0, "to": 8, "step": 3}
    if kind == "timestamp":
        chunk = {
            "column": "at",
            "kind": kind,
            "from": "2026-05-01",
            "to": "2026-05-01T10:00:00+02:00",
            "step": "3 hours",
        }
    filling(world, inner, chunk).run()
    world.same(rows)
    assert len(noted(world)) == 3
    assert noted(world)[-1][1] == ("8" if kind == "integer" else "2026-05-01 08:00:00.000000+00:00")


@on("pg18", "chdb")
def test_the_watermark_of_the_load_stays(world: World) -> None:
    """One load, two bundles: what the backfill does, the incremental load does not see, and the other way."""
    world.orders()
    world.insert(*orders())
    given = {"partition": MONTHS} if world.sink.clickhouse else {}
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}, **given).run()
    mark = world.state("show")["watermark"]
    world.source("UPDATE orders SET note = 'v2' WHERE id = 2")  # its cursor stays behind: the load does not see it
    filling(world, "incremental_merge").run()
    assert world.state("show")["watermark"] == mark != ""
    world.insert(order(20, "late", "2026-01-02", world.now()))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}, **given).run()
    world.same(world.source_rows())
    assert filling(world, "incremental_merge").run().message.startswith("every slice")


@on("pg18", "chdb")
def test_what_makes_another_backfill(world: World) -> None:
    """More of the range: only that is loaded. Another inner mode: all is. A deleted note: that slice is loaded again."""
    world.orders()
    world.insert(*orders())
    assert filling(world, "incremental_merge", {**DAYS, "to": "2026-02-10"}).run().rows == 4
    assert filling(world, "incremental_merge").run().rows == 2
    assert filling(world, "replace").run().rows == 6
    schema = world.target_url.rpartition("/")[2] if world.sink.clickhouse else "dponec"
    where = "WHERE window_low = '2026-02-10' AND backfill LIKE 'replace by day: %'"
    world.target(
        f"ALTER TABLE {schema}.dponec_slices DELETE {where} SETTINGS mutations_sync = 2"
        if world.sink.clickhouse
        else f"DELETE FROM {schema}.dponec_slices {where}"
    )
    assert world.run().rows == 2


@on("pg18", "chdb")
def test_an_append_into_a_slice_that_holds_rows_is_refused(world: World) -> None:
    world.orders()
    world.insert(*orders())
    world.insert_target(order(77, "other", "2026-01-25"))
    filling(world, "incremental_append").state("adopt", watermark="")
    world.fails("DP512" if world.sink.clickhouse else "DP510")
    assert len(noted(world)) == 1
    assert {row.id for row in world.rows()} == {77, 2, 3}


@on("pg18", "chdb")
def test_a_window_of_ones_own_is_refused(world: World) -> None:
    world.orders()
    filling(world, "incremental_merge")
    refused = world.fails("DP415", window=("2026-01-01", "2026-01-02"))
    assert "its own slices" in refused.message
    assert noted(world) == []


@on("pg18", "chdb")
@pytest.mark.parametrize(
    ("code", "inner", "chunk", "said"),
    [
        ("DP236", "replace", {"column": "nothing"}, "is not loaded"),
        ("DP236", "incremental_merge", {"kind": "integer", "step": 7}, "no slices of kind integer"),
        ("DP236", "incremental_merge", {"to": "2026-01-01"}, "is empty"),
        ("DP236", "incremental_merge", {"to": "2026-02-30"}, "is no date"),
        ("DP236", "incremental_merge", {"from": "1; DROP TABLE orders"}, "is no date"),
        ("DP236", "incremental_merge", {"step": "12 hours"}, "whole number of days"),
        ("DP236", "incremental_merge", {"step": None}, "`step`"),
        ("DP236", "incremental_merge", {"column": "id", "kind": "uuid", "buckets": 16, "step": None}, "hash"),
        ("DP237", "full_refresh", {}, "the whole source"),
        ("DP237", "snapshot_diff", {}, "the whole source"),
        ("DP238", "incremental_merge", {"from": "2000-01-01", "step": "1 day"}, "9556 slices"),
        ("DP230", "partition_replace", {}, "partition"),
    ],
)
def test_what_is_no_backfill_is_refused(world: World, code: str, inner: str, chunk: dict[str, Any], said: str) -> None:
    world.orders()
    given = {name: value for name, value in {**DAYS, **chunk}.items() if value is not None}
    assert said in world.refuses(code, "backfill", key=["id"], backfill={"inner_mode": inner, "chunk": given})


@on("pg18", "chdb", "ch18")
@pytest.mark.parametrize("inner", ["incremental_merge", "replace"])
def test_a_broken_edge_is_seen(world: World, inner: str) -> None:
    """The mutants: a slice that reads its end too, or one that is taken twice."""
    world.orders()
    world.insert(*orders())
    filling(world, inner)
    mutate(world, r"fingerprint-source|transfer-rows.*extract", lambda text: text.replace('"day" < ', '"day" <= '))
    if inner == "replace":
        world.fails("DP514")
    else:
        world.run()
        with pytest.raises(AssertionError):
            agrees(world, meant(inner, (), orders(), State()))


@on("pg18", "chdb")
def test_a_slice_that_is_noted_under_another_name_is_taken_for_ever_no_more(world: World) -> None:
    """The mutant: a note that nobody finds. On Postgres the second note of a slice undoes its data."""
    world.orders()
    world.insert(*orders())
    filling(world, "incremental_merge")
    mutate(world, "record-slice", lambda text: text.replace("incremental_merge by day", "nobody"))
    outcome = world.outcome()
    assert outcome.exit_code != 0
    assert len(noted(world)) >= 1


@on("pg18", "pg15")
@pytest.mark.parametrize("inner", ["incremental_merge", "replace"])
def test_the_script_takes_slice_after_slice(world: World, inner: str) -> None:
    """run.sh: one run a slice, until none is left; what dponec run has begun it goes on with."""
    world.orders()
    world.insert(*orders())
    filling(world, inner)
    with pytest.raises(Died):
        world.outcome(faults=death("before:record-slice", time=2))
    assert len(noted(world)) == 1
    done = script(world)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": done (run") == 2
    agrees(world, meant(inner, (), orders(), State()))
    assert len(noted(world)) == len(SLICES)
    again = script(world)
    assert (again.returncode, again.stdout.count("every slice of the backfill is loaded")) == (0, 1), again.stderr
    assert list(world.folder.glob("tmp.*")) == []


def script(world: World) -> subprocess.CompletedProcess[str]:
    """Run the bundle's run.sh from another folder."""
    environ = {**os.environ, "DPONE_CONN_SRC": world.source_url, "DPONE_CONN_DST": world.target_url}
    environ["TMPDIR"] = str(world.folder)
    argv = ("bash", os.path.relpath(world.bundle / "run.sh", world.folder))
    return subprocess.run(argv, env=environ, cwd=world.folder, capture_output=True, text=True, timeout=120, check=False)
