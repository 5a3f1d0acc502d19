"""Breaking the emitted SQL on purpose: each break must be seen by the load itself or by the comparison with the model.

A test that cannot fail proves nothing. Each case names the test of this folder that stands guard over the line it breaks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from dpone_compiler.artifacts.bundle import sha256
from dpone_compiler.artifacts.plan_codec import plan_fingerprint
from tests.engines.loads import model
from tests.engines.loads.model import Order, order, ordered
from tests.engines.loads.world import CURSOR, World, on

Edit = Callable[[str], str]
OPEN = "note = 'open'"


def mutate(world: World, pattern: str, edit: Edit) -> None:
    """Change the bundle's files of this name, and make its digests right again, as if the compiler had written that."""
    plan = world.bundle / "plan.json"
    doc = json.loads(plan.read_text())
    touched = [path for path in doc["files"] if re.search(pattern, path)]
    assert touched, sorted(doc["files"])
    changed = False
    for path in touched:
        before = (world.bundle / path).read_text()
        after = edit(before)
        changed = changed or before != after
        (world.bundle / path).write_text(after)
        doc["files"][path] = sha256(after)
    assert changed, [(world.bundle / path).read_text() for path in touched]
    world.compiled_as.setdefault(world.bundle, doc["fingerprint"])
    plan.write_text(json.dumps({**doc, "fingerprint": plan_fingerprint(doc)}))


def holds(world: World, expected: list[Order]) -> bool:
    return ordered(world.rows()) == ordered(expected)


def without_filter(text: str) -> str:
    """No WHERE, but for the window, which has a test of its own."""
    return re.sub(r"""[`"]?note[`"]?\s*=\s*'open'""", "1 = 1", text)


def vacuous(text: str) -> str:
    """Each comparison compares a value with itself or is never true; on ClickHouse a check that returns no row."""
    text = re.sub(
        r"IF [^\n]*<>[^\n]*THEN|IF [^\n]*IS DISTINCT FROM[^\n]*THEN|IF [^\n]* > 0 THEN", "IF false THEN", text
    )
    return re.sub(r"WHERE actual != expected|WHERE difference != 0|WHERE found > 0", "WHERE 0", text)


def merging(world: World, **given: object) -> World:
    given = {"source": {"cursor": CURSOR, "where": OPEN}} | given
    return world.load("incremental_merge", key=["id"], **given)


@on("pg18", "chdb", "ch18")
def test_a_dropped_filter_is_seen(world: World) -> None:
    """test_incremental_merge.test_rows_that_leave_the_filter compares with the model in the same way."""
    world.orders()
    world.insert(order(1, "open"), order(2, "closed"))
    expected = model.merge([], world.source_rows(), model.everything, lambda row: row.note == "open")
    # In the extraction alone: rows and digest of what was counted and of what came differ.
    mutate(merging(world), r"transfer-rows.*extract", without_filter)
    world.fails("DP501")
    assert holds(world, [])
    # In the fingerprint too, so that both are wrong alike: only the comparison with the model sees it.
    mutate(world, r"fingerprint-source|transfer-rows.*extract", lambda text: without_filter(text) + "\n")
    world.run()
    assert not holds(world, expected)


@on("pg18", "chdb", "ch18")
def test_a_dropped_window_is_seen(world: World) -> None:
    """test_incremental_append.test_new_rows_are_added_and_changed_rows_too, and all that load twice."""
    world.orders()
    world.insert(order(1, "open"))
    merging(world).run()
    before = world.rows()
    world.source("UPDATE orders SET note = 'open', amount = 5")  # the cursor does not move: not in the window
    expected = model.merge(before, world.source_rows(), lambda _row: False)
    everything = lambda text: re.sub(r"\(?\"at\" >= [^;]*?AND \"at\" < [^\n]*", "true", text)  # noqa: E731
    mutate(world, r"fingerprint-source|transfer-rows.*extract", everything)
    world.outcome()
    assert not holds(world, expected)


@on("pg18", "chdb", "ch18")
def test_a_dropped_gate_for_null_keys_is_seen(world: World) -> None:
    """test_incremental_merge.test_null_keys_fail_or_are_skipped."""
    world.orders(key="", order_by="tuple()")
    world.insert(order(1), order(None, "lost"))
    merging(world, source={"cursor": CURSOR}).fails("DP503")
    world.state("abort", run_id=world.state("show")["run_id"])
    mutate(world, "check-null-keys", nothing_checked)
    outcome = world.outcome()
    assert outcome.code != "DP503"
    # What the gate kept out: either a later proof stops the run, or a row without a key is in the target.
    assert outcome.exit_code != 0 or any(row.id is None for row in world.rows())


@on("pg18", "chdb", "ch18")
def test_a_dropped_gate_for_duplicate_keys_is_seen(world: World) -> None:
    """test_incremental_merge.test_duplicate_keys_fail_or_the_latest_wins."""
    world.orders()
    world.insert(order(1, "a"), order(1, "b"))
    merging(world, source={"cursor": CURSOR}).fails("DP504")
    world.state("abort", run_id=world.state("show")["run_id"])
    mutate(world, "check-duplicate-keys", nothing_checked)
    outcome = world.outcome()
    assert outcome.code != "DP504"
    assert outcome.exit_code != 0 or len(world.rows()) == 2


def nothing_checked(text: str) -> str:
    """A step that asks nothing: on Postgres an empty statement, on ClickHouse a query without rows."""
    return (
        "SELECT 1;\n"
        if "DO $" in text
        else "SELECT 'DP500' AS code, '' AS detail, 0 AS count FROM system.one WHERE 0\n"
    )


@on("pg18", "chdb", "ch18")
def test_a_vacuous_reconciliation_is_seen(world: World) -> None:
    """The change of the target loses a row (on ClickHouse a partition): with the proof the run stops, without it all looks well."""
    world.orders()
    world.insert(order(1), order(2, day="2026-02-01"), order(3))
    if world.sink.clickhouse:
        merging(world, source={"cursor": CURSOR})
        mutate(world, "replace-.*query", lambda text: text.rstrip() + " LIMIT 1\n")
    else:
        merging(world, source={"cursor": CURSOR}, merge_policy="delete_insert")
        mutate(world, "insert-staged", lambda text: text.replace('AS "s"', 'AS "s" WHERE "s"."id" <> 2'))
    world.fails("DP510")
    mutate(world, "reconcile", vacuous)
    assert world.outcome().exit_code == 0
    assert not holds(world, world.source_rows())
