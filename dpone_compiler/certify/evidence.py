"""Evidence from a test run: the JUnit file in which each test that ran a plan on engines has recorded the plan's cell.

A test records the property `cell` = `<key>@<source engine> <version>,<sink engine> <version>`. Only passed tests are evidence; a
cell with a failed test is not certified whatever else passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dpone_compiler.certify.junit import Case, read_cases
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
        cases = read_cases(path.read_bytes())
    except ValueError as error:
        raise NoEvidenceError(f"{path}: {error}") from None
    found = tuple(sorted(_proofs(cases), key=lambda proof: (proof.key, proof.test, proof.engines)))
    if not found:
        raise NoEvidenceError(f"no test in {path} recorded what it ran on engines")
    return found


def _proofs(cases: Iterable[Case]) -> Iterator[Proof]:
    for case in cases:
        for name, said in case.properties if case.ran else ():
            key, at, engines = said.partition("@")
            if name == PROPERTY and at:
                yield Proof(key=key, test=case.id, engines=engines, passed=case.passed, at=case.at)
