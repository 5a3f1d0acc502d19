"""SIGINT and SIGTERM become one exception in the main thread, so that every `finally` rolls back and gives back."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from dpone_compiler.runtime.outcome import Interrupted

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """The first signal interrupts; later ones are ignored, so that nothing interrupts the rollback."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int) -> None:
        for number in _NUMBERS:
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted(signum)

    with handled(interrupt):
        yield


@contextlib.contextmanager
def kept() -> Iterator[list[int]]:
    """Signals interrupt nothing; their numbers are in the list that is given, in the order in which they came."""
    late: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield late
        return
    with handled(late.append):
        yield late


@contextlib.contextmanager
def handled(handler: Callable[[int], None]) -> Iterator[None]:
    """Both signals call `handler` with their number; of the main thread only."""
    before = {number: signal.getsignal(number) for number in _NUMBERS}

    def handle(signum: int, _frame: FrameType | None) -> None:
        handler(signum)

    for number in _NUMBERS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
