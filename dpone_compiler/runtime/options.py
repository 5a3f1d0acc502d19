"""What the caller asks of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dpone_compiler.runtime.journal import FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the caller asks of a run. `shown`: the bundle's path as typed, for the commands that we print."""

    shown: str
    from_step: str = ""
    window: tuple[str, str] | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    resume: str = ""
    runs: Path = FOLDER
    params: Mapping[str, str] = field(default_factory=dict)  # set by a replay: partitions
