"""The op `await`: ask until a query has no row left."""

from __future__ import annotations

import time
from collections.abc import Callable

from dpone_compiler.runtime.connections.session import Result

_EVERY = 1.0  # seconds between two questions


def await_none(ask: Callable[[], Result], urge: Callable[[], object] | None, max_seconds: int) -> Result:
    """The last answer: no row, or what is still there after `max_seconds`. `urge` is done once, before the second question."""
    until = time.monotonic() + max_seconds
    answer = ask()
    if answer.rows and urge is not None:
        urge()
        answer = ask()
    while answer.rows and time.monotonic() < until:
        time.sleep(_EVERY)
        answer = ask()
    return answer
