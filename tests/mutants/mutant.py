"""A mutant: which statements of which load are changed how, as an entry of a YAML list or from the generator."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dpone_compiler.artifacts.bundle import sha256
from dpone_compiler.artifacts.plan_codec import plan_fingerprint

NAMED = Path(__file__).parent / "named"
Doc = dict[str, Any]


class StaleError(Exception):
    """A named mutant that does not fit the SQL any more: a pattern that matches not exactly once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of one step.

    `find`, `put`: a regular expression that matches the statement exactly once, and what stands there then; `part` names one
    of the step's files (extract, load, query, body, guard), '' its main one. `drop`: the step is gone from the plan.
    `transaction`: the step is in another transaction, and directly behind that one's last step.
    """

    step: str
    part: str = ""
    find: str = ""
    put: str = ""
    drop: bool = False
    transaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`strategy` '' means any. `killers`: tests below tests/engines/loads that are to see it, the likeliest first."""

    name: str
    breaks: str
    sink: str
    strategy: str = ""
    policy: str = ""
    edits: tuple[Edit, ...] = ()
    killers: tuple[str, ...] = ()

    def fits(self, doc: Doc) -> bool:
        """Whether it is about this bundle at all."""
        decision = doc["decision"]
        return (
            doc["route"]["target"]["engine"] == self.sink
            and self.strategy in ("", decision["strategy"])
            and self.policy in ("", decision["merge_policy"])
            and {edit.step for edit in self.edits} <= {step["id"] for step in doc["steps"]}
        )

    def apply(self, bundle: Path) -> bool:
        """Break the bundle, as if the compiler had written it so. False when it is about another load."""
        return rewrite(bundle, lambda doc, files: self.fits(doc) and self._edit(doc, files))

    def _edit(self, doc: Doc, files: dict[str, str]) -> bool:
        for edit in self.edits:
            step = next(step for step in doc["steps"] if step["id"] == edit.step)
            if edit.drop:
                doc["steps"].remove(step)
            elif edit.transaction:
                _move(doc["steps"], step, edit.transaction)
            else:
                path = path_of(step, edit.part)
                files[path], times = re.subn(edit.find, edit.put, files[path], flags=re.DOTALL)
                if times != 1:
                    raise StaleError(f"{self.name}: {edit.find!r} matches {times} times in {path}")
        return True


def path_of(step: Doc, part: str) -> str:
    """The file of a part of a step."""
    return str(step["guard"]["file"] if part == "guard" else step["files"][part] if part else step["file"])


def rewrite(bundle: Path, change: Callable[[Doc, dict[str, str]], bool]) -> bool:
    """Let `change` edit the plan and the text of its files in place, and make the digests right again if it says so."""
    plan = bundle / "plan.json"
    doc: Doc = json.loads(plan.read_text(encoding="utf-8"))
    files = {path: (bundle / path).read_text(encoding="utf-8") for path in doc["files"]}
    if not change(doc, files):
        return False
    for path, text in files.items():
        (bundle / path).write_text(text, encoding="utf-8")
        doc["files"][path] = sha256(text)
    plan.write_text(json.dumps({**doc, "fingerprint": plan_fingerprint(doc)}), encoding="utf-8")
    return True


def _move(steps: list[Doc], step: Doc, transaction: str) -> None:
    steps.remove(step)
    last = max(place for place, other in enumerate(steps) if other["transaction"] == transaction)
    step["transaction"] = transaction
    steps.insert(last + 1, step)


def named() -> tuple[Mutant, ...]:
    """The list of the repository, in the order of its files."""
    return tuple(
        _mutant(entry, path.stem)
        for path in sorted(NAMED.glob("*.yaml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    )


def _mutant(entry: Mapping[str, Any], sink: str) -> Mutant:
    given = dict(entry)
    edits = tuple(Edit(**edit) for edit in given.pop("edits"))
    killer = given.pop("killer")
    killers = (killer,) if isinstance(killer, str) else tuple(killer)
    return Mutant(sink=sink.partition("-")[0], edits=edits, killers=killers, **given)
