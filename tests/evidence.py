"""From the JUnit file of a run to proved.json, and whether the committed one still says what the run showed.

`python -m tests.evidence write build/junit.xml` records, `… check build/junit.xml` compares: a test that is named and did not run or
did not pass is an error. Of several files the later ones count. `… add build/part.xml` records what a part of the tests showed beside
what is recorded.
An engine that is not on this machine is no error: what was recorded of it is kept.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

from dpone_compiler.certify.junit import Case, read_cases
from dpone_compiler.driver.evidence import named_tests
from tests.tiers import ENGINE

PROVED = Path(__file__).resolve().parents[1] / "dpone_compiler" / "driver" / "evidence" / "proved.json"
Recorded = dict[str, dict[str, list[str]]]
_ENGINES = {
    "postgres_wheel": "postgres", "postgres_debian": "postgres", "chdb": "clickhouse", "clickhouse_server": "clickhouse",
}  # fmt: skip


def recorded() -> Recorded:
    """The committed file."""
    found: Recorded = json.loads(PROVED.read_text(encoding="utf-8"))
    return found


def shown(*junit: Path) -> tuple[Recorded, list[str], set[str]]:
    """What a run showed, what it did not show and had to, and the engines that it had: 'postgres 18.6'."""
    read = (_case(case) for file in junit for case in read_cases(file.read_bytes()))
    cases = list({case[0]: case for case in read}.values())
    engines = {engine for _, _, ran in cases for engine in ran}
    found: Recorded = defaultdict(dict)
    missing = []
    for engine, test in sorted(named_tests()):
        mine = [
            (passed, _sink(ran)) for id_, passed, ran in cases if _names(test, id_) and _sink(ran).startswith(engine)
        ]
        failed = {sink for passed, sink in mine if not passed}
        versions = sorted({sink.partition(" ")[2] for _, sink in mine if sink not in failed})
        if versions:
            found[engine][test] = versions
        if failed or not versions:
            missing.append(f"{test} on {engine}: {'failed' if failed else 'did not run'}")
    return {engine: dict(sorted(tests.items())) for engine, tests in sorted(found.items())}, missing, engines


def _names(test: str, id_: str) -> bool:
    return id_ == test or id_.startswith(test if "[" in test else f"{test}[")


def _case(case: Case) -> tuple[str, bool, set[str]]:
    """(id, passed, engines) of one testcase. A skipped one has no engine."""
    return case.id, case.passed or not case.ran, {said for name, said in case.properties if name == ENGINE and case.ran}


def _sink(engines: set[str]) -> str:
    """The engine that a test is about: ClickHouse where it has one, because its source is always Postgres; the older Postgres."""
    made = [
        f"{_ENGINES[name]} {version}"
        for name, _, version in (engine.partition(" ") for engine in engines)
        if name in _ENGINES
    ]
    return min(made, key=lambda text: (text.startswith("postgres"), text), default="")


def differences(*junit: Path) -> list[str]:
    """Why the committed file does not stand; empty when it does."""
    found, missing, engines = shown(*junit)
    here = {
        f"{_ENGINES[name]} {version}" for name, _, version in (e.partition(" ") for e in engines) if name in _ENGINES
    }
    problems = list(missing)
    for engine, tests in recorded().items():
        for test, versions in tests.items():
            gone = [v for v in versions if f"{engine} {v}" in here and v not in found.get(engine, {}).get(test, [])]
            problems += [
                f"{test} is recorded as passed on {engine} {version}, and did not pass now" for version in gone
            ]
    return problems


def unrecorded(*junit: Path) -> list[str]:
    """What a run showed beyond the committed file, such as a newer engine. No plan claims it, so it is told and no error."""
    found, _, _ = shown(*junit)
    return [
        f"{test} passed on {engine} {version} and is not recorded: make evidence, then make golden"
        for engine, tests in found.items()
        for test, versions in tests.items()
        for version in versions
        if version not in recorded().get(engine, {}).get(test, [])
    ]


def main(words: list[str]) -> int:
    """Write, add or check; 1 when a named test did not pass."""
    task, junit = words[0], [Path(word) for word in words[1:]]
    if task == "write":
        found, missing, _ = shown(*junit)
        PROVED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    elif task == "add":
        found, _, _ = shown(*junit)
        kept = recorded()
        both = {engine: {**kept.get(engine, {}), **found.get(engine, {})} for engine in sorted({*kept, *found})}
        ordered = {engine: dict(sorted(tests.items())) for engine, tests in both.items()}
        PROVED.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
        missing = []
    else:
        missing = differences(*junit)
        sys.stdout.writelines(f"note: {line}\n" for line in unrecorded(*junit))
    sys.stdout.writelines(f"unproved: {line}\n" for line in missing)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
