"""Scratch folders of the tests live in memory where it has the room: engines and tests make files and remove them, by the ten thousand.

On a disk that discards the blocks of each removed file, removing takes longer than the tests.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")
_ROOM = 6 << 30  # bytes; a whole run has needed less than half of it


def _fits() -> bool:
    """Whether the folder is there, may be written to and run from, and neither it nor the machine is short of memory."""
    if not os.access(_MEMORY, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(_MEMORY)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return not found.f_flag & os.ST_NOEXEC and min(found.f_bavail * found.f_frsize, free) >= _ROOM


def pytest_configure(config: pytest.Config) -> None:
    """Choose once, in the process that starts the others; a TMPDIR of the user's stays."""
    if hasattr(config, "workerinput") or "TMPDIR" in os.environ or not _fits():
        return
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # asked for before, perhaps
