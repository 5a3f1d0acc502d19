"""The reference model says what it means: its worked examples hold, and so do the promises that follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from doctest import DocTestParser, DocTestRunner
from inspect import getdoc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpone_compiler.ir.load import STRATEGIES as MODES
from dpone_compiler.verify.meaning.asked import (
    Asked,
    Change,
    Cursor,
    Loaded,
    Partition,
    Refused,
    Row,
    Rows,
    Source,
    State,
    Versions,
)
from dpone_compiler.verify.meaning.pages import MODULES, PAGES, STRATEGIES, WORDS
from dpone_compiler.verify.meaning.tables import ordered

KEYED = Asked(key=("id",), cursor=Cursor("at"), partition=Partition("day"))
HISTORY = replace(KEYED, versions=Versions(since="at"))
DIFF = replace(KEYED, cursor=None, empty_slice="clear")


@pytest.mark.parametrize("name", PAGES)
def test_the_worked_examples_hold(name: str) -> None:
    module, function = PAGES[name]
    example = DocTestParser().get_doctest(getdoc(function) or "", dict(WORDS), name, module.__file__, 0)
    assert example.examples
    assert DocTestRunner().run(example).failed == 0


def test_every_mode_has_a_meaning() -> None:
    assert set(MODULES) == set(MODES)


def rows(*, unique: bool = True) -> st.SearchStrategy[Rows]:
    """Rows of a source: few keys, few days and few times, so that they meet."""
    row = st.fixed_dictionaries(
        {"id": st.integers(1, 5), "day": st.integers(1, 3), "note": st.sampled_from("ab"), "at": st.integers(0, 30)}
    )
    return st.lists(row, max_size=8, unique_by=(lambda each: each["id"]) if unique else None).map(tuple)


def ran(name: str, target: Rows, source: Source, state: State, asked: Asked) -> Loaded:
    """A load that must be carried out."""
    outcome = STRATEGIES[name](target, source, state, asked)
    assert isinstance(outcome, Loaded), outcome
    return outcome


def bag(found: Iterable[Row]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(sorted(row.items(), key=lambda item: item[0])) for row in found)


@given(rows(unique=False), st.integers(0, 30))
def test_two_windows_append_what_one_does(found: Rows, middle: int) -> None:
    asked = Asked(cursor=Cursor("at"))
    one = ran("incremental_append", (), Source(rows=found, horizon=31), State(), asked)
    half = ran("incremental_append", (), Source(rows=found, horizon=middle), State(), asked)
    rest = ran("incremental_append", half.target, Source(rows=found, horizon=31), half.state, asked)
    assert bag(rest.target) == bag(one.target) == bag(found)
    again = ran("incremental_append", rest.target, Source(rows=found, horizon=31), rest.state, asked)
    assert again == rest


@pytest.mark.parametrize("name", ["incremental_merge", "partition_replace", "full_refresh", "snapshot_diff", "scd2"])
@given(st.data())
def test_a_repeated_load_changes_nothing(name: str, data: st.DataObject) -> None:
    asked = {"snapshot_diff": DIFF, "full_refresh": DIFF, "scd2": HISTORY}.get(name, KEYED)
    first = ran(name, (), Source(rows=data.draw(rows()), horizon=40, now=40), State(), asked)
    source = Source(rows=data.draw(rows()), horizon=50, now=50)
    once = ran(name, first.target, source, replace(first.state, watermark=0), asked)
    twice = ran(name, once.target, source, replace(once.state, watermark=0), asked)
    assert bag(twice.target) == bag(once.target)


@pytest.mark.parametrize("name", ["incremental_merge", "partition_replace"])
@given(rows(), rows())
def test_a_moved_row_never_survives_in_its_old_partition(name: str, before: Rows, after: Rows) -> None:
    first = ran(name, (), Source(rows=before, horizon=40), State(), KEYED)
    moved = tuple({**row, "at": row["at"] + 40} for row in after)
    second = ran(name, first.target, Source(rows=moved, horizon=80), first.state, KEYED)
    for row in moved:
        assert [each for each in second.target if each["id"] == row["id"]] == [row]


@given(rows(), rows())
def test_strategies_agree_where_nothing_is_deleted_and_nothing_is_late(before: Rows, after: Rows) -> None:
    """One intent, whichever strategy: each engine cell equals its model (tests/differential), and the models are equal here."""
    kept = {row["id"]: row for row in before} | {row["id"]: {**row, "at": row["at"] + 40} for row in after}
    now = tuple(kept.values())
    ended = []
    for name, asked in (
        ("incremental_merge", KEYED),
        ("partition_replace", KEYED),
        ("full_refresh", DIFF),
        ("snapshot_diff", replace(DIFF, deletes="hard", max_delete_ratio=1.0)),
        ("replace", DIFF),
    ):
        first = ran(name, (), Source(rows=before, horizon=40), State(), asked)
        ended.append(bag(ran(name, first.target, Source(rows=now, horizon=80), first.state, asked).target))
    assert ended == [bag(now)] * len(ended)


@given(rows(unique=False), st.randoms())
def test_the_order_of_arrival_does_not_change_a_history_of_different_rows(found: Rows, shuffled: Any) -> None:
    """Rows that make no version leave no trace, so here each row differs from the others of its key."""
    asked = replace(HISTORY, versions=Versions(since="at", compare=("note", "at")))
    found = tuple({(row["id"], row["at"]): row for row in found}.values())
    in_order = ran("scd2", (), Source(rows=found, horizon=40), State(), asked)
    late, state = (), State(known=True, watermark=0)
    for row in shuffled.sample(found, len(found)):
        late = ran("scd2", late, Source(rows=(row,), horizon=40), state, asked).target
    kept = {"id", "day", "note", "valid_from", "valid_to", "is_current"}
    assert bag({n: row[n] for n in kept} for row in late) == bag({n: row[n] for n in kept} for row in in_order.target)


@given(st.lists(rows(), min_size=1, max_size=4))
def test_a_history_has_no_gap_but_where_the_key_was_gone_and_no_overlap(snapshots: list[Rows]) -> None:
    asked, target, state = replace(DIFF, versions=Versions()), (), State()
    for now, found in enumerate(snapshots, 40):
        loaded = ran("scd2", target, Source(rows=tuple({**row, "at": 0} for row in found), now=now), state, asked)
        target, state = loaded.target, loaded.state
    for number in range(1, 6):
        held = [row for row in target if row["id"] == number]
        for now, found in enumerate(snapshots, 40):
            at_that_time = [
                (row["day"], row["note"])
                for row in held
                if row["valid_from"] <= now and (row["valid_to"] is None or now < row["valid_to"])
            ]
            assert at_that_time == [(row["day"], row["note"]) for row in found if row["id"] == number]
        assert sum(row["is_current"] for row in held) == sum(row["id"] == number for row in snapshots[-1])


def changes() -> st.SearchStrategy[tuple[Change, ...]]:
    """A log with every kind of change but a truncate, keys changing among them."""
    row = st.fixed_dictionaries({"id": st.integers(1, 4), "note": st.sampled_from("abc")})
    change = st.tuples(st.sampled_from(("insert", "update", "delete")), st.integers(1, 4), row)
    return st.lists(change, max_size=10).map(
        lambda made: tuple(
            Change(at=at, op=op, key=(key,), row=None if op == "delete" else found)
            for at, (op, key, found) in enumerate(made, 1)
        )
    )


@given(changes(), st.integers(0, 10), st.integers(0, 10))
def test_a_log_read_in_parts_that_overlap_is_a_log_read_once(log: tuple[Change, ...], cut: int, overlap: int) -> None:
    asked = Asked(key=("id",), deletes="hard")
    whole = ran("cdc_apply", (), Source(log=log), State(), asked)
    half = ran("cdc_apply", (), Source(log=log[:cut]), State(), asked)
    rest = ran("cdc_apply", half.target, Source(log=log[max(0, cut - overlap) :]), half.state, asked)
    assert ordered(rest.target) == ordered(whole.target)
    assert rest.state.position == whole.state.position


@pytest.mark.parametrize("name", [name for name in STRATEGIES if not name.startswith("backfill")])
def test_a_first_run_on_rows_of_somebody_else_is_refused(name: str) -> None:
    outcome = STRATEGIES[name](({"id": 1, "day": 1, "note": "", "at": 1},), Source(horizon=9), State(), KEYED)
    assert isinstance(outcome, Refused)
    assert outcome.name == "target_not_empty"
