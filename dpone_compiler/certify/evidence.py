"""Evidence from a test run: the JUnit file in which each test that ran a plan on engines has recorded the plan's cell.

A test records the property `cell` = `<key>@<source engine> <version>,<sink engine> <version>`. Only passed tests are evidence; a
cell with a failed test is not certified whatever else passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from dpone_compiler.source.value import value

PROPERTY = "cell"


@value(kw_only=True)
class Proof:
    """One test and the cell that it ran: `engines` as the test saw them, `at` when the run began (ISO 8601)."""

    key: str
    test: str
    engines: str
    passed: bool
    at: str


class NoEvidenceError(ValueError):
    """The file is no JUnit file, or no test in it recorded a cell."""


def read_junit(path: Path) -> tuple[Proof, ...]:
    """The proofs of a test run, sorted. Raises NoEvidenceError, OSError."""
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except ElementTree.ParseError as error:
        raise NoEvidenceError(f"{path} is no JUnit file: {error}") from None
    found = tuple(sorted(_proofs(root), key=lambda proof: (proof.key, proof.test, proof.engines)))
    if not found:
        raise NoEvidenceError(f"no test in {path} recorded what it ran on engines")
    return found


def _proofs(root: ElementTree.Element) -> Iterator[Proof]:
    for suite in root.iter("testsuite"):
        for case in suite.iter("testcase"):
            outcomes = {child.tag for child in case}
            if "skipped" in outcomes:
                continue
            test = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '')}"
            for each in case.iter("property"):
                key, at, engines = (each.get("value") or "").partition("@")
                if each.get("name") == PROPERTY and at:
                    passed = not outcomes & {"failure", "error"}
                    yield Proof(key=key, test=test, engines=engines, passed=passed, at=suite.get("timestamp", ""))
