"""A slot's changes survive whatever ends a run, and the rules that make it so are seen when they are broken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import hypothesis
import psycopg
import pytest
from hypothesis import strategies as st

from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.transfer import pgoutput
from tests.engines.loads.slot import LONG, Streamed
from tests.engines.loads.world import World, on


class DiedError(Exception):
    """The run ends here."""


class Dies(Faults):
    """Ends the run at a hook, as a kill would; tests/faults has the signals."""

    def at(self, point: str, name: str) -> None:
        if (point, name) == (self._point, self._name):
            raise DiedError


def dies(world: World, point: str, name: str, bundle: LoadedBundle | None = None) -> None:
    bundle = bundle or world.opened()
    world.runs += 1
    asked = RunOptions(shown=str(world.bundle), runs=world.folder / f"runs{world.runs}")
    with pytest.raises(DiedError):
        run_bundle(bundle, asked, opener=world.opener(bundle), url=None, listener=Quiet(), faults=Dies(point, name))


AFTER_PEEK, BEFORE_COMMIT = ("before", "fingerprint-source"), ("before-commit", "finalize")
POINTS = [
    ("before", "freeze-window"),
    ("before", "read-changes"),
    AFTER_PEEK,
    ("before-commit", "stage-changes"),
    ("before-commit", "prove"),
    BEFORE_COMMIT,
    ("after-commit", "finalize"),
    ("before", "advance-slot"),
    ("before", "release-lease"),
]


@on("pg18")
def test_a_run_that_dies_anywhere_loses_and_doubles_nothing(world: World) -> None:
    streamed = Streamed(world)
    world.source("INSERT INTO notes SELECT n, 'open', 'body', n FROM generate_series(1, 30) AS n")
    for point, name in POINTS:  # the initial copy, each time from a snapshot of its own
        if (point, name) == ("after-commit", "finalize"):
            break
        dies(world, point, name)
        world.source(
            "INSERT INTO notes SELECT max(id) + 1, 'more', NULL, 1 FROM notes; DELETE FROM notes WHERE id = 30"
        )
    world.run()  # finishes the attempt that was staged, from its own snapshot
    world.run()
    streamed.same()
    for number, (point, name) in enumerate(POINTS):
        world.source(f"UPDATE notes SET amount = amount + 1 WHERE id > 3; DELETE FROM notes WHERE id = {number + 10}")
        dies(world, point, name)
        assert streamed.confirmed() <= streamed.watermark()
        world.source(f"INSERT INTO notes VALUES ({number + 1000}, 'meanwhile', NULL, NULL)")
        world.run()  # finishes the attempt with its own window
        world.run()
        streamed.same()


@on("pg18")
def test_a_transaction_that_is_open_over_a_run_comes_with_a_later_one(world: World) -> None:
    streamed = Streamed(world)
    world.run()
    with psycopg.connect(world.source_url) as slow:
        slow.execute("INSERT INTO notes VALUES (1, 'slow', NULL, 1)")
        world.source("INSERT INTO notes VALUES (2, 'fast', NULL, 2)")
        world.run()
        assert [row[0] for row in streamed.target_rows()] == [2]
        world.run()
    world.run()
    streamed.same()


def _bodies(bundle: LoadedBundle, wrong: Callable[[str], str]) -> LoadedBundle:
    broken = {path: wrong(text) for path, text in bundle.bodies.items()}
    assert broken != dict(bundle.bodies)
    return replace(bundle, bodies=broken)


@on("pg18")
def test_a_read_that_consumes_is_seen(world: World) -> None:
    """The mutant: get instead of peek. Its loss is refused, never passed over."""
    streamed = Streamed(world)
    world.run()
    world.source("INSERT INTO notes VALUES (1, 'a', NULL, 1)")
    consuming = _bodies(world.opened(), lambda text: text.replace("slot_peek_binary", "slot_get_binary"))
    dies(world, *AFTER_PEEK, consuming)
    world.fails("DP440")
    assert streamed.target_rows() == []


@on("pg18")
def test_an_advance_before_the_commit_is_seen(world: World) -> None:
    """The mutant: the slot goes on before the data is in."""
    streamed = Streamed(world)
    world.run()
    world.source("INSERT INTO notes VALUES (1, 'a', NULL, 1)")
    bundle = world.opened()
    steps = [step for step in bundle.doc.steps if step.id != "advance-slot"]
    early = next(step for step in bundle.doc.steps if step.id == "advance-slot")
    at = next(index for index, step in enumerate(steps) if step.id == "fence-finalize")
    hasty = replace(bundle, doc=replace(bundle.doc, steps=(*steps[:at], early, *steps[at:])))
    dies(world, *BEFORE_COMMIT, hasty)
    world.fails("DP440")
    assert streamed.target_rows() == []


@on("pg18")
def test_an_unchanged_value_taken_for_null_is_seen(world: World) -> None:
    """The mutant: a large value that was left out becomes NULL."""
    streamed = Streamed(world)
    world.source("INSERT INTO notes VALUES (1, 'a', %s, 1)", [(LONG,)])
    world.run()
    world.source("UPDATE notes SET status = 'b'")
    bundle = world.opened()
    nulled = _bodies(bundle, lambda text: re.sub(r"strpos\(\"w\"\.\"__dponec_unchanged\", ',\d+,'\) = 0", "true", text))
    asked = RunOptions(shown=str(world.bundle), runs=world.folder / "mutant")
    run_bundle(nulled, asked, opener=world.opener(nulled), url=None, listener=Quiet(), faults=Faults())
    assert streamed.target_rows() != streamed.source_rows()


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(1, 5), st.sampled_from(["s", LONG, None])),
        st.tuples(st.just("status"), st.integers(1, 5), st.sampled_from(["a", "b", None])),
        st.tuples(st.just("body"), st.integers(1, 5), st.sampled_from(["t", "y" + LONG, None])),
        st.tuples(st.just("move"), st.integers(1, 5), st.integers(1, 5)),
        st.tuples(st.just("delete"), st.integers(1, 5), st.none()),
        st.tuples(st.just("run"), st.none(), st.none()),
    ),
    min_size=3,
    max_size=14,
)
_SQL = {
    "insert": "INSERT INTO notes VALUES (%s, 'new', %s, 1) ON CONFLICT DO NOTHING",
    "status": "UPDATE notes SET status = %s WHERE id = %s",
    "body": "UPDATE notes SET body = %s WHERE id = %s",
    "move": "UPDATE notes SET id = %s WHERE id = %s AND NOT EXISTS (SELECT FROM notes WHERE id = %s)",
    "delete": "DELETE FROM notes WHERE id = %s",
}


@on("pg18")
@hypothesis.settings(
    max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)
@hypothesis.given(events=EVENTS)
def test_any_history_of_the_source_is_followed(world: World, events: list[tuple[str, int, object]]) -> None:
    streamed = Streamed(world) if not world.bundle.name else _again(world)
    for kind, key, given in events:
        if kind == "run":
            world.run()
            continue
        values = {"insert": (key, given), "move": (given, key, given), "delete": (key,)}.get(kind, (given, key))
        world.source(_SQL[kind], [values])
    world.run()
    streamed.same()


def _again(world: World) -> Streamed:
    streamed = object.__new__(Streamed)
    streamed.world = world
    return streamed


@hypothesis.given(data=st.binary(max_size=60))
def test_bytes_that_are_no_message_are_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        message = pgoutput.decode(data)
    except pgoutput.UnreadableMessageError:
        return
    assert isinstance(message, pgoutput.Message)
