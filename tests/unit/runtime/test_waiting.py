"""await_none: it asks until nothing is left, urges once, and gives up in time."""

from __future__ import annotations

import pytest

from dpone_compiler.runtime import waiting
from dpone_compiler.runtime.connections.session import Result
from dpone_compiler.runtime.waiting import await_none

LEFT = Result(columns=("code",), rows=(("DP436",),), affected=None)
NONE = Result(columns=("code",), rows=(), affected=None)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleeping passes the time of a clock of ours."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(waiting.time, "sleep", sleep)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([NONE], "ask"),
        ([LEFT, NONE], "ask urge ask"),
        ([LEFT, LEFT, LEFT, NONE], "ask urge ask ask ask"),
    ],
)
def test_it_urges_once_and_ends_with_the_last_row(answers: list[Result], told: str, clock: list[float]) -> None:
    words: list[str] = []

    def ask() -> Result:
        words.append("ask")
        return answers.pop(0)

    assert await_none(ask, lambda: words.append("urge"), 900) == NONE
    assert " ".join(words) == told
    assert answers == []


@pytest.mark.parametrize("urged", [True, False])
def test_it_gives_up_in_time(urged: bool, clock: list[float]) -> None:
    assert await_none(lambda: LEFT, (lambda: None) if urged else None, 30) == LEFT
    assert 30 <= clock[0] <= 31
