"""Exit codes of the contract."""

from __future__ import annotations

DONE, FINDINGS, USAGE, BUG, TRANSIENT, MIDWAY = 0, 1, 2, 3, 4, 5
INTERRUPTED = 130  # by Ctrl-C, as a shell says it
