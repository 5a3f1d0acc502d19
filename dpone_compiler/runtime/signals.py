"""SIGINT and SIGTERM become one exception in the main thread, so that every `finally` rolls back and gives back."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from dpone_compiler.runtime.outcome import Interrupted


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """The first signal interrupts; later ones are ignored, so that nothing interrupts the rollback."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def interrupt(signum: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted(signum)

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
