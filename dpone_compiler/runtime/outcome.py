"""How a run ended: the contract's exit codes, and the one exception that carries a refusal to the top."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DONE = 0
REFUSED = 1
USAGE = 2
BUG = 3
TRANSIENT = 4
STOPPED = 5
SIGNALLED = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """The end of a run. `next`: the exact command to type, '' when there is nothing to do."""

    exit_code: int
    status: str  # done | planned | refused | transient | stopped | interrupted
    code: str = ""
    message: str = ""
    step: str = ""
    retryable: bool = False
    next: str = ""
    load: str = ""
    run_id: str = ""
    rows: int = 0
    seconds: float = 0.0
    receipt: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class RefusedError(Exception):
    """The run may not go on; nothing is wrong with dponec. Becomes a RunOutcome and never a traceback."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        exit_code: int = REFUSED,
        next: str = "",
        retryable: bool = False,
        step: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.exit_code = exit_code
        self.next = next
        self.retryable = retryable
        self.step = step


class Interrupted(KeyboardInterrupt):
    """SIGINT or SIGTERM arrived. A KeyboardInterrupt, because psycopg cancels the statement under way for that one."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def refused(error: RefusedError, *, load: str = "", run_id: str = "") -> RunOutcome:
    """The outcome of a refusal."""
    status = {TRANSIENT: "transient", STOPPED: "stopped"}.get(error.exit_code, "refused")
    return RunOutcome(
        exit_code=error.exit_code,
        status=status,
        code=error.code,
        message=error.message,
        step=error.step,
        retryable=error.retryable,
        next=error.next,
        load=load,
        run_id=run_id,
    )


def command(*words: str) -> str:
    """A command line for people, quoted for a POSIX shell."""
    return shlex.join(words)
