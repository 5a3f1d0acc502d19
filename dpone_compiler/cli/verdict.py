"""The exit code of what was found: an error is one wherever it stands, also as a gate or a warning of a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dpone_compiler.cli.exits import DONE, FINDINGS

if TYPE_CHECKING:
    from dpone_compiler.diagnostics.diagnostic import Diagnostic

Decision = Mapping[str, Any]


def verdict(diagnostics: Iterable[Diagnostic], decisions: Iterable[Decision], fail_on: str) -> int:
    """1 when something is at least as bad as `fail_on` (error | warning). Decisions are as plan.json and advice tell them."""
    found = {each.severity.value for each in diagnostics}
    for decision in decisions:
        found |= {each["severity"] for each in decision["warnings"]}
        # Gates of the other severities say what a plan of this kind demands; they are no findings.
        found |= {each["severity"] for each in decision["safety_gates"] if each["severity"] == "error"}
    return FINDINGS if found & {"error", fail_on} else DONE
