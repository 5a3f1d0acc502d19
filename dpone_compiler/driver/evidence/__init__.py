"""Which tests hold up what a plan guarantees: claims.json names them, proved.json says on which engine versions they passed last."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dpone_compiler import registry

PROVED = "proved"
UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of one cell; `*` in `says` is a value. `tests`: by sink engine, what must have passed; a test id that stops inside
    its brackets stands for all that begin so."""

    cell: str
    claim: str
    says: str
    tests: Mapping[str, tuple[str, ...]]

    def begins(self, text: str) -> int:
        """The length of the sentence and of what divides it from the next, if `text` begins with it; else 0."""
        if not text.startswith(self.says.partition("*")[0]):
            return 0
        found = re.match(re.escape(self.says).replace(r"\*", r"[^;]*") + r"(?:; |$)", text)
        return found.end() if found else 0


@cache
def claims() -> tuple[Claim, ...]:
    """Every sentence that a contract can hold, longer ones first where one begins like another."""
    raw = json.loads(_text("claims.json"))
    read = (Claim(c["cell"], c["claim"], c["says"], {k: tuple(v) for k, v in c["tests"].items()}) for c in raw)
    return tuple(sorted(read, key=lambda claim: -len(claim.says)))


@cache
def named_tests() -> frozenset[tuple[str, str]]:
    """(engine, test) of everything that a plan says: the sentences of its contract, and that a native path loses nothing."""
    of_contracts = {(engine, test) for claim in claims() for engine, tests in claim.tests.items() for test in tests}
    return frozenset(of_contracts | {(path.sink, test) for path in registry.native_paths() for test in path.proofs})


@cache
def proved() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Engine -> test of `named_tests` -> versions on which every one of its cases passed in the last recorded run."""
    raw = json.loads(_text("proved.json"))
    return {engine: {test: tuple(versions) for test, versions in tests.items()} for engine, tests in raw.items()}


def contract_evidence(contract: Mapping[str, str], engine: str) -> dict[str, list[dict[str, Any]]]:
    """For each cell its claims, each with status, tests, and the versions of the sink's engine that all of these passed on."""
    return {cell: [_evidence(claim, engine) for claim in _claims_of(cell, text)] for cell, text in contract.items()}


def _claims_of(cell: str, text: str) -> list[Claim]:
    """The claims that a cell's sentences make, in their order; a sentence that nobody listed is a claim without a test."""
    found: list[Claim] = []
    while text:
        for claim in claims():
            length = claim.begins(text) if claim.cell == cell else 0
            if length:
                break
        else:
            return [*found, Claim(cell, "not_listed", text, {})]
        found.append(claim)
        text = text[length:]
    return found


def _evidence(claim: Claim, engine: str) -> dict[str, Any]:
    tests = claim.tests.get(engine, ())
    passed = [proved().get(engine, {}).get(test, ()) for test in tests]
    versions = [version for version in passed[0] if all(version in each for each in passed)] if passed else []
    return {
        "claim": claim.claim,
        "status": PROVED if versions else UNPROVED,
        "engine": engine,
        "versions": versions,
        "tests": list(tests),
    }


def _text(name: str) -> str:
    return files("dpone_compiler.driver.evidence").joinpath(name).read_text(encoding="utf-8")
