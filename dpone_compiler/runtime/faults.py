"""Faults for the tests only: the process kills itself with SIGKILL at a named point and says first where.

DPONEC_FAULT is one of `before:STEP`, `inside:STEP[:rows=N]`, `before-commit:GROUP`, `after-commit:GROUP`,
`before-journal:STEP`; GROUP is a transaction's name, or the id of a step that stands alone. It is refused unless
DPONEC_TESTING=1, so that a variable left behind in a shell cannot end a production run.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping

from dpone_compiler.runtime.outcome import USAGE, RefusedError

_POINTS = ("before", "inside", "before-commit", "after-commit", "before-journal")
_SOON = 0.002  # seconds from sending a statement to the kill: long enough to be sent, short enough to be inside


class Faults:
    """The one fault that was asked for, or none."""

    def __init__(self, point: str = "", name: str = "", rows: int = 0) -> None:
        self._point, self._name, self._rows = point, name, rows

    def at(self, point: str, name: str) -> None:
        """Die here when asked to."""
        if (point, name) == (self._point, self._name):
            self._die("")

    def inside(self, name: str) -> None:
        """Die while the statement that is sent right after this call runs."""
        if (self._point, self._name, self._rows) == ("inside", name, 0):
            threading.Thread(target=self._die_soon, daemon=True).start()

    def rows(self, name: str, rows: int) -> None:
        """Die when that many rows or items have passed."""
        if (self._point, self._name) == ("inside", name) and 0 < self._rows <= rows:
            self._die(f" after {rows} rows")

    def _die_soon(self) -> None:
        time.sleep(_SOON)
        self._die(" with the statement under way")

    def _die(self, where: str) -> None:
        sys.stderr.write(f"DPONEC_FAULT landed {self._point}:{self._name}{where}\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def faults_from(environ: Mapping[str, str]) -> Faults:
    """The fault that the environment asks for."""
    text = environ.get("DPONEC_FAULT", "")
    if not text:
        return Faults()
    if environ.get("DPONEC_TESTING") != "1":
        raise RefusedError("DP419", "DPONEC_FAULT is set outside of tests; unset it", exit_code=USAGE)
    point, _, rest = text.partition(":")
    name, _, count = rest.partition(":rows=")
    if point not in _POINTS or not name or (count and not count.isdigit()):
        raise RefusedError("DP419", f"DPONEC_FAULT={text!r} is not understood", exit_code=USAGE)
    return Faults(point, name, int(count or 0))
