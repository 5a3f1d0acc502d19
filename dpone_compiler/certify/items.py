"""One file of evidence: what it is by its own content, its digest, and why it is none. A name or a suffix proves nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dpone_compiler import __version__
from dpone_compiler.artifacts.plan_codec import is_as_compiled
from dpone_compiler.artifacts.plan_doc import FORMAT as PLAN
from dpone_compiler.certify.artifact import SCHEMA as CERTIFICATION
from dpone_compiler.certify.junit import read_cases
from dpone_compiler.runtime.receipt import FORMAT as RECEIPT
from dpone_compiler.source.value import value

JUNIT = "junit"
# What a file says it is -> its kind.
KINDS = {PLAN: "plan", CERTIFICATION: "certification", RECEIPT: "receipt"}


@value(kw_only=True)
class Item:
    """`kind`: junit | plan | certification | receipt, '' unknown. `at`: when it was made (ISO 8601), '' where it does not say.

    `problem`: '' or why it is no evidence. `content`: what it holds, {} for JUnit.
    """

    name: str
    kind: str
    sha256: str
    bytes: int
    at: str = ""
    problem: str = ""
    content: Mapping[str, Any]

    def told(self) -> dict[str, Any]:
        """Plain data without the content."""
        said = {"name": self.name, "kind": self.kind, "sha256": self.sha256, "bytes": self.bytes, "at": self.at}
        return {**said, "status": "failed" if self.problem else "passed", "problem": self.problem}


def read_item(path: Path) -> Item:
    """The file as evidence; what is wrong with it is in `problem`, never raised."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Item(
            name=path.name, kind="", sha256="", bytes=0, problem=f"cannot be read: {error.strerror}", content={}
        )
    kind, at, problem, content = _judged(data)
    digest = hashlib.sha256(data).hexdigest()
    return Item(name=path.name, kind=kind, sha256=digest, bytes=len(data), at=at, problem=problem, content=content)


def _judged(data: bytes) -> tuple[str, str, str, Mapping[str, Any]]:
    if not data.strip():
        return "", "", "it is empty", {}
    if data.lstrip().startswith(b"<"):
        return (JUNIT, *_junit(data), {})
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return "", "", "it is neither JSON nor a JUnit file", {}
    said = content.get("format") or content.get("schema_version") if isinstance(content, dict) else None
    kind = KINDS.get(str(said), "")
    match kind:
        case "":
            return "", "", "it does not say what it is", {}
        case "receipt":
            return kind, "", _receipt(content), content
        case "certification":
            return kind, str(content.get("run_at", "")), _certification(content), content
        case _:
            return kind, "", _plan(content), content


def _junit(data: bytes) -> tuple[str, str]:
    try:
        cases = read_cases(data)
    except ValueError as error:
        return "", str(error)
    bad = sum(case.ran and not case.passed for case in cases)
    at = max((case.at for case in cases), default="")
    return at, f"{bad} tests failed" if bad else "" if any(case.ran for case in cases) else "no test ran"


def _plan(content: Mapping[str, Any]) -> str:
    if not is_as_compiled(content):
        return "it is not the plan that was compiled: its fingerprint is not that of the rest of it"
    return "" if content.get("steps") else "the plan has no steps"


def _receipt(content: Mapping[str, Any]) -> str:
    outcome = content.get("outcome") or {}
    if outcome.get("status") != "done":
        return f"the run is {outcome.get('status') or 'not finished'}"
    return "" if content.get("steps") else "no step is recorded"


def _certification(content: Mapping[str, Any]) -> str:
    entries = content.get("entries") or []
    if content.get("compiler") != f"dponec {__version__}":
        return f"stale: it was made by {content.get('compiler') or 'nobody'}"
    if any(entry.get("failed") for entry in entries):
        return "it has failed cells"
    return "" if any(entry.get("certified") for entry in entries) else "nothing in it is certified"
