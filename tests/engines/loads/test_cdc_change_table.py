"""cdc_apply from a change table: the last change of a key wins, in the order of its sequence column."""

from __future__ import annotations

import itertools
from decimal import Decimal

import hypothesis
import psycopg
import pytest
from hypothesis import strategies as st

from tests.engines.loads.model import Order, order
from tests.engines.loads.world import World, on

SINKS = ("pg18", "pg15", "chdb", "ch18")
FEED = {
    "source": {"cursor": {"column": "seq", "lag": 0}, "options": {"cdc": {"mode": "change_table"}}},
    "key": ["id"],
}
_numbers = itertools.count(1)


def changes(world: World, **feed: object) -> World:
    """A change table of `Order` and its target, loaded by cdc_apply."""
    world.source_table = ("public", "order_changes")
    world.source(
        "CREATE TABLE order_changes (seq bigint NOT NULL, op text, id bigint, amount numeric(18,2), note text, day date, at timestamptz)"
    )
    world.make_target()
    return world


def loading(world: World, source: dict[str, object] | None = None, **cdc: object) -> World:
    given = FEED | {"source": FEED["source"] | (source or {})}
    return world.load("cdc_apply", cdc={"operation_column": "op"} | cdc, **given)


def captured(world: World, op: str, row: Order | None, key: int = 0) -> None:
    """Add a change: of a delete the key alone is known."""
    values = tuple(row) if row is not None else (key or None, None, None, None, None)
    world.source("INSERT INTO order_changes VALUES (%s, %s, %s, %s, %s, %s, %s)", [(next(_numbers), op, *values)])


@on(*SINKS)
def test_changes_are_applied_in_order(world: World) -> None:
    loading(changes(world))
    for row in (order(1), order(2), order(3)):
        captured(world, "I", row)
    captured(world, "delete", None, 2)
    captured(world, "u", order(1, "second"))
    world.run()
    world.same([order(1, "second"), order(3)])
    captured(world, "D", None, 3)
    captured(world, "I", order(3, "again"))  # deleted and inserted again in one batch
    captured(world, "U", order(1, None))
    captured(world, "D", None, 77)  # a key that never came
    world.run()
    world.same([order(1, None), order(3, "again")])
    world.run()
    world.same([order(1, None), order(3, "again")])


@on(*SINKS)
def test_a_row_that_leaves_the_filter_is_deleted(world: World) -> None:
    loading(changes(world), source={"where": "note <> 'draft'"})
    captured(world, "I", order(1, "open"))
    captured(world, "I", order(2, "draft"))
    captured(world, "I", order(3, None))  # NULL does not satisfy the filter
    world.run()
    world.same([order(1, "open")])
    captured(world, "U", order(1, "draft"))
    captured(world, "U", order(2, "open"))
    world.run()
    world.same([order(2, "open")])


@on(*SINKS)
def test_an_older_change_never_overwrites_a_newer_one(world: World) -> None:
    """A window of the past would bring back what has changed since, and rows that were deleted, for good."""
    loading(changes(world))
    low = next(_numbers)
    captured(world, "I", order(1, "v5"))
    captured(world, "I", order(2, "deleted"))
    middle = next(_numbers)
    captured(world, "U", order(1, "v15"))
    captured(world, "D", None, 2)
    world.run()
    refused = world.fails("DP444", window=(str(low), str(middle)))
    assert "an older row would come back" in refused.message
    assert refused.next.endswith(f"state rewind orders {low}")
    world.same([order(1, "v15")])
    captured(world, "U", order(1, "v20"))
    high = next(_numbers)
    captured(world, "I", order(3, "later"))
    assert "would be lost" in world.fails("DP444", window=(str(high), str(high + 1))).message
    # From the past up to now, or to somewhere behind what is applied: every change that is applied comes again.
    world.run(window=(str(low), str(high)))
    world.same([order(1, "v20")])
    world.state("rewind", watermark=str(low))
    world.run()
    world.same([order(1, "v20"), order(3, "later")])


@on("pg18")
def test_windows_that_are_cut_by_another_column_than_the_order_are_told(world: World) -> None:
    loading(changes(world))
    assert "windows are cut" not in (world.bundle / "plan.md").read_text()
    loading(world, source={"cursor": {"column": "at", "lag": "0 seconds", "nulls": "fail"}}, sequence_column="seq")
    assert (
        "windows are cut by at, and the changes of a key are ordered by seq" in (world.bundle / "plan.md").read_text()
    )


@on(*SINKS)
@pytest.mark.parametrize(
    ("op", "row", "code"),
    [
        ("X", order(1), "DP520"),
        ("I", Order(None, Decimal(1), "", order(1).day, order(1).at), "DP503"),
        ("T", None, "DP522"),
    ],
)
def test_what_cannot_be_applied_stops_the_run(world: World, op: str, row: Order | None, code: str) -> None:
    loading(changes(world))
    captured(world, "I", order(5))
    captured(world, op, row)
    world.fails(code)
    assert world.count() == 0


@on("pg18")
def test_two_changes_at_one_place_are_refused(world: World) -> None:
    loading(changes(world))
    captured(world, "I", order(1))
    world.source("INSERT INTO order_changes SELECT seq, 'D', id FROM order_changes")
    world.fails("DP521")
    world.source("UPDATE order_changes SET seq = NULL WHERE false")
    assert world.count() == 0


@on(*SINKS)
def test_a_truncate_empties_the_target_and_what_follows_stays(world: World) -> None:
    source = {"options": {"cdc": {"mode": "change_table", "truncate": "apply"}}}
    loading(changes(world), source=source)
    captured(world, "I", order(1))
    captured(world, "I", order(2))
    world.run()
    captured(world, "U", order(1, "lost"))
    captured(world, "truncate", None)
    captured(world, "I", order(2, "new"))
    world.run()
    world.same([order(2, "new")])


@on("pg18")
def test_deletes_may_be_ignored(world: World) -> None:
    loading(changes(world), delete_policy="ignore")
    captured(world, "I", order(1))
    captured(world, "D", None, 1)
    captured(world, "I", order(2))
    world.run()
    world.same(
        [order(1), order(2)]
    )  # it came and went within one window, and is no other than one that goes in the next
    captured(world, "D", None, 2)
    world.run()
    world.same([order(1), order(2)])


@on("pg18", "pg15")
def test_deletes_may_set_a_flag(world: World) -> None:
    changes(world)
    world.target("ALTER TABLE orders_copy ADD COLUMN gone boolean")
    loading(world, delete_policy="soft_delete", deleted_column="gone")
    captured(world, "I", order(1))
    captured(world, "I", order(2))
    world.run()
    captured(world, "D", None, 1)
    world.run()
    assert _flags(world) == [(1, True), (2, False)]
    captured(world, "I", order(1, "back"))
    captured(world, "D", None, 2)
    world.run()
    assert _flags(world) == [(1, False), (2, True)]


def _flags(world: World) -> list[tuple[int, bool]]:
    with psycopg.connect(world.target_url, autocommit=True) as session:
        return session.execute("SELECT id, gone FROM orders_copy ORDER BY id").fetchall()


EVENTS = st.lists(
    st.tuples(st.sampled_from("IUDT"), st.integers(1, 4), st.sampled_from(["a", "b", None]), st.booleans()), max_size=25
)


@on("pg18")
@hypothesis.settings(max_examples=8, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(events=EVENTS)
def test_any_stream_of_changes_leaves_what_replaying_it_leaves(
    world: World, events: list[tuple[str, int, str | None, bool]]
) -> None:
    """The runs fall anywhere between the events."""
    if not world.bundle.name:
        loading(changes(world), source={"options": {"cdc": {"mode": "change_table", "truncate": "apply"}}})
    kept = {row.id: row for row in world.rows()}
    for op, key, note, now in events:
        row = order(key, note)
        captured(world, op, row if op in "IU" else None, 0 if op == "T" else key)
        if op in "IU":
            kept[key] = row
        elif op == "D":
            kept.pop(key, None)
        else:
            kept.clear()
        if now:
            world.run()
    world.run()
    world.same(kept.values())
