"""Bounds that a person gives: which texts are one, how they compare, and where a window may end."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpone_compiler.artifacts.plan_doc import ParamDoc, PlanDoc, StepDoc
from dpone_compiler.runtime.outcome import RefusedError
from dpone_compiler.runtime.parameters import Parameters
from dpone_compiler.runtime.window import given_window, read_bound, same_window

GARBAGE = [
    "now",
    "today",
    "yesterday",
    "infinity",
    "epoch",
    "x",
    "",
    " ",
    "12.5",
    "0x10",
    "1e3",
    "'; DROP TABLE orders; --",
]
NO_MOMENTS = [
    "2026-13-01",
    "2026-02-30",
    "0000-01-01",
    "10000-01-01",
    "2026-1-1",
    "2026-01-01 24:00",
    "2026-01-01 10:60",
    "2026-01-01 10",
]
NO_NUMBERS = ["9223372036854775808", "-9223372036854775809", "\N{ARABIC-INDIC DIGIT FIVE}", "1_000"]
NO_INSTANTS = [
    "2026-01-01 10:00+16:00",
    "2026-01-01+00",
    "0001-01-01 00:00+01:00",
    "9999-12-31 23:59-01:00",
    "2026-01-01 10:00 UTC",
]


def _doc(cursor: str = "text", *kinds: str) -> PlanDoc:
    names = ("inputs", "route", "decision", "contract", "native_transfer_plan", "replay", "limits", "state")
    empty: dict[str, Any] = {name: {} for name in names}
    words: dict[str, Any] = {"side": "source", "engine": "postgres", "connection": "src", "purpose": "", "why": ""}
    return PlanDoc(
        name="orders",
        compiler="c",
        fingerprint="f1",
        effects="e",
        params=(ParamDoc(name="window_high", type=cursor, source="capture"),),
        steps=tuple(StepDoc(id=kind, kind=kind, op="query", **words) for kind in kinds or ("freeze_window",)),
        types=(),
        **empty,
    )


def _refused(cursor: str, *window: str) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        given_window(_doc(cursor), (window[0], window[1]))
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize("cursor", ["text", "timestamp", "date"])
@pytest.mark.parametrize("text", [*GARBAGE, *NO_MOMENTS, *NO_NUMBERS, *NO_INSTANTS])
def test_what_is_no_value_of_the_cursor_is_no_bound(cursor: str, text: str) -> None:
    assert _refused(cursor, text, "2026-01-01").code == "DP445"
    assert _refused(cursor, "2026-01-01", text).code == "DP445"


def test_a_wall_clock_and_a_date_have_no_numbers_and_no_zones() -> None:
    for cursor in ("timestamp", "date"):
        for text in ("5", "2026-01-01T00:00:00+03:00", "2026-01-01 00:00Z"):
            assert _refused(cursor, "2026-01-01", text).code == "DP445"
    assert "no day" in _refused("date", "2026-01-01", "2026-01-01 00:00").message


@pytest.mark.parametrize(
    ("cursor", "given", "written"),
    [
        ("text", "2026-01-31", "2026-01-31 00:00:00.000000+00:00"),
        ("text", "2026-10-25T00:00:00+02:00", "2026-10-24 22:00:00.000000+00:00"),
        ("text", "2026-01-01 00:00-0330", "2026-01-01 03:30:00.000000+00:00"),
        ("text", "2026-01-01 00:00:00+00", "2026-01-01 00:00:00.000000+00:00"),
        ("text", "2026-01-01T00:00:00.5Z", "2026-01-01 00:00:00.500000+00:00"),
        ("text", "2026-01-01 23:59:59.1234567+00:00", "2026-01-01 23:59:59.1234567+00:00"),
        ("timestamp", "2026-01-31 13:45", "2026-01-31 13:45:00.000000"),
        ("timestamp", "9999-12-31 23:59:59.9999999", "9999-12-31 23:59:59.9999999"),
        ("date", " 0001-01-01 ", "0001-01-01"),
        ("text", "007", "7"),
        ("text", "-9223372036854775808", "-9223372036854775808"),
        ("text", "-infinity", "-infinity"),
    ],
)
def test_a_bound_is_written_as_the_plan_writes_its_own(cursor: str, given: str, written: str) -> None:
    bound = read_bound(_doc(cursor), given)
    assert bound.text == written
    assert read_bound(_doc(cursor), written) == bound


def test_both_bounds_are_of_one_cursor_and_in_their_order() -> None:
    for low, high in (("5", "2026-01-01"), ("2026-01-01", "5"), ("-infinity", "5"), ("5", "-infinity"), ("6", "5")):
        assert _refused("text", low, high).code == "DP445"
    assert "before it begins" in _refused("text", "2026-01-01 00:00+02:00", "2025-12-31 21:00+00:00").message
    window = given_window(_doc(), ("-infinity", "2026-01-01"))
    assert window is not None
    assert window.texts == ("-infinity", "2026-01-01 00:00:00.000000+00:00")
    assert given_window(_doc(), None) is None


@pytest.mark.parametrize(
    ("kind", "said"), [("next_slice", "slices"), ("freeze_instant", "whole"), ("open_attempt", "whole")]
)
def test_a_plan_without_a_window_takes_none(kind: str, said: str) -> None:
    with pytest.raises(RefusedError, match=said) as caught:
        given_window(_doc("text", kind), ("1", "2"))
    assert (caught.value.code, caught.value.exit_code) == ("DP415", 2)


def test_two_ways_to_write_one_window_are_one() -> None:
    written = ("2026-01-01 00:00:00.000000+00:00", "2026-01-02 00:00:00.000000+00:00")
    assert same_window(_doc(), written, ("2026-01-01 02:00+02", "2026-01-02"))
    assert not same_window(_doc(), written, ("2026-01-01", "2026-01-02 00:00:00.0000001"))
    assert same_window(_doc(), ("garbage", "x"), ("garbage", "x"))
    assert not same_window(_doc(), written, ("", ""))


def _placed(doc: PlanDoc, window: tuple[str, str], answer: str, watermark: str = "") -> tuple[str, str]:
    parameters = Parameters(doc, {})
    parameters.put(window_low="0", window_high=answer, watermark=watermark)
    given = given_window(doc, window)
    assert given is not None
    given.take_place(doc, parameters, "plans/it's here")
    return parameters.get("window_low"), parameters.get("window_high")


@pytest.mark.parametrize(
    ("cursor", "low", "horizon", "beyond"),
    [
        ("text", "2026-01-01", "2026-11-26 10:00:00.123456+00:00", "2026-11-26 10:00:00.1234561Z"),
        (
            "text",
            "2026-01-01",
            "2026-11-26 10:00:00.0000000+00:00",
            "2026-11-26 12:00:01+02:00",
        ),  # as SQL Server writes it
        ("timestamp", "2026-01-01", "2026-11-26 10:00:00.123456", "2026-11-26 10:00:00.123457"),
        ("date", "2026-01-01", "2026-11-26", "2026-11-27"),
        ("text", "-1", "41", "42"),
    ],
)
def test_no_window_ends_beyond_the_horizon(cursor: str, low: str, horizon: str, beyond: str) -> None:
    doc = _doc(cursor)
    begin = read_bound(doc, low).text
    with pytest.raises(RefusedError) as caught:
        _placed(doc, (low, beyond), horizon)
    assert (caught.value.code, caught.value.exit_code) == ("DP447", 1)
    assert f"beyond the horizon {horizon}:" in caught.value.message
    assert shlex.split(caught.value.next) == ["dponec", "run", "plans/it's here", "--window", begin, horizon]
    assert _placed(doc, (low, horizon), horizon) == (begin, horizon)


def test_where_nothing_of_the_window_lies_below_the_horizon_the_next_one_is_named() -> None:
    with pytest.raises(RefusedError) as caught:
        _placed(_doc(), ("50", "60"), "41")
    assert shlex.split(caught.value.next) == ["dponec", "run", "plans/it's here"]


def test_a_window_of_another_kind_than_the_cursor_is_refused() -> None:
    for window, answer in ((("1", "5"), "2026-11-26 10:00:00.123456+00:00"), (("2026-01-01", "2026-01-02"), "41")):
        with pytest.raises(RefusedError) as caught:
            _placed(_doc(), window, answer)
        assert (caught.value.code, caught.value.exit_code) == ("DP445", 2)


def test_a_window_of_changes_lies_around_the_watermark() -> None:
    changes = _doc("text", "freeze_window", "check_changes")
    for inside in (("10", "20"), ("1", "10"), ("10", "10")):
        assert _placed(changes, inside, "30", watermark="10") == inside
    for outside in (("11", "20"), ("1", "9")):
        assert _placed(changes, outside, "30", watermark="") == outside  # nothing is applied yet
        with pytest.raises(RefusedError) as caught:
            _placed(changes, outside, "30", watermark="10")
        assert caught.value.code == "DP444"


_ZONES = st.integers(-15 * 60, 15 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# A day away from the ends of the calendar, so that every moment has a day in UTC.
_MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=_ZONES)


@given(_MOMENTS, _MOMENTS, st.sampled_from("T "))
def test_instants_compare_as_they_are_and_are_written_in_utc(one: datetime, other: datetime, between: str) -> None:
    here, there = (read_bound(_doc(), moment.isoformat(between)) for moment in (one, other))
    assert here.after(there) == (one > other)
    assert here.text == f"{one.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'microseconds')}+00:00"


@given(st.text(max_size=30), st.sampled_from(["text", "timestamp", "date"]))
def test_no_text_makes_the_reader_raise_otherwise(text: str, cursor: str) -> None:
    try:
        read_bound(_doc(cursor), text)
    except RefusedError as error:
        assert error.code == "DP445"
