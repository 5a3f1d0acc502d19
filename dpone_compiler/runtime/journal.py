"""The run's journal: one JSON object a line, synced to disk. A convenience; the target's state row is what is believed.

It holds step ids, counts and times; never a secret, never a value of a row.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

FOLDER = Path(".dponec") / "runs"
NAME = "journal.jsonl"


class Journal(Protocol):
    """Where events go."""

    def write(self, event: str, **values: Any) -> None: ...

    def close(self) -> None: ...


class DiskJournal:
    """Appends to `<folder>/<run_id>/journal.jsonl`; every line is on disk when `write` returns."""

    def __init__(self, runs: Path, run_id: str) -> None:
        self.folder = runs / run_id
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / NAME
        self._mend()
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._started = time.monotonic()

    def write(self, event: str, **values: Any) -> None:
        """Append one event and wait for the disk."""
        line = {"event": event, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **values}
        os.write(self._file, (json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n").encode())
        os.fsync(self._file)

    def close(self) -> None:
        """No more events."""
        os.close(self._file)

    def _mend(self) -> None:
        # A crash may tear the last line. Ending it keeps the next event on a line of its own.
        if self.path.exists() and (data := self.path.read_bytes()) and not data.endswith(b"\n"):
            with self.path.open("ab") as torn:
                torn.write(b"\n")


class NoJournal:
    """For dry runs."""

    def write(self, event: str, **values: Any) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def read_journal(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a run's folder; torn and foreign lines are passed over."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event
