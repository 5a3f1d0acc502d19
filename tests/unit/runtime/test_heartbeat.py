"""A lease is prolonged by beat after beat: one that failed in passing is followed by the next, one that failed for good is the last."""

from __future__ import annotations

import time
from typing import cast

from dpone_compiler.runtime.connections.session import EngineError, Session
from dpone_compiler.runtime.lease import Heartbeat


class Beats:
    """A session whose first beats fail as they are told."""

    def __init__(self, *failures: EngineError) -> None:
        self.failures, self.beats = list(failures), 0

    def run(self, _body: str, _params: dict[str, str]) -> None:
        self.beats += 1
        if self.failures:
            raise self.failures.pop(0)


def beaten(*failures: EngineError) -> tuple[Beats, Heartbeat]:
    session = Beats(*failures)
    heart = Heartbeat(cast(Session, session), "", {}, 0.001)
    until = time.monotonic() + 5
    while session.beats < len(failures) + 2 and heart._thread.is_alive() and time.monotonic() < until:
        time.sleep(0.002)
    heart.stop()
    return session, heart


def test_a_beat_that_waited_in_vain_is_followed_by_the_next() -> None:
    session, heart = beaten(EngineError("1222", "lock timeout", transient=True))
    assert session.beats >= 3
    assert heart.failure is not None and heart.failure.code == "1222"


def test_a_session_that_is_gone_beats_no_more() -> None:
    session, _ = beaten(EngineError("08S01", "gone", transient=True, unreachable=True))
    assert session.beats == 1


def test_a_beat_that_is_not_allowed_is_the_last() -> None:
    session, _ = beaten(EngineError("229", "denied", permission=True))
    assert session.beats == 1
