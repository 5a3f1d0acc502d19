"""What this machine says of processes and ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path


def children_of(parent: int) -> Iterator[int]:
    """Process ids of the direct children of `parent`."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _stat(int(folder.name))[1] == str(parent):
            yield int(folder.name)


def runs(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    return _stat(pid)[0] not in ("", "Z", "X")


def _stat(pid: int) -> tuple[str, str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, parent


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
