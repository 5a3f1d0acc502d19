"""What the command line asks of a compile. Imported before anything heavy, so it names no parser and no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from dpone_compiler.source.value import value


@value(kw_only=True)
class Request:
    """Paths and options of one `dponec compile`."""

    paths: tuple[Path, ...]
    out: Path = Path("plans")
    check: bool = False
    strict: bool = False
    form: str = "text"
    jobs: int = 1
    cache: bool = True
    catalog: Path | None = None
    policies: tuple[Path, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    costs: Path | None = None
    runs: Path | None = None
    print_ir_after: str = ""
    timing: bool = False

    @property
    def one_document(self) -> bool:
        """The format is one document for a machine, and stdout holds nothing else."""
        return self.form not in ("text", "concise", "github")


@value(kw_only=True)
class Outcome:
    """What to tell: rendered diagnostics, result lines, and whether the exit code is 1."""

    diagnostics: str
    lines: tuple[str, ...]
    failed: bool
