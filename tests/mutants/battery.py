"""The tests that may kill a mutant: those of tests/engines/loads that take a `world` and nothing else of their own.

Each is called as a function, so that a thousand of them share one Postgres and one ClickHouse. They look at rows, outcomes and
state only: no golden file, digest or parser takes part.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.engines.loads.world import Sink, World

FOLDER = Path(__file__).resolve().parents[1] / "engines" / "loads"
SINKS = {"postgres": "pg18", "clickhouse": "chdb"}
# Strategies have a file each; the others are about any load.
_SHARED = (
    "test_each_row", "test_state_rows", "test_damage", "test_interrupted", "test_two_runs", "test_columns", "test_drift",
    "test_checked_tables", "test_leases",
)  # fmt: skip
# The steps that one of them is about, by their beginnings: it is asked first.
_ABOUT = {
    "test_checked_tables": ("check-source", "check-target"),
    "test_drift": ("check-source", "check-target"),
    "test_leases": ("acquire-lease",),
    "test_state_rows": ("read-state", "open-attempt", "record-", "commit-state", "release-lease"),
    "test_two_runs": ("fence-",),
    "test_interrupted": ("drop-old-staging", "clear-rewrite", "create-rewrite", "build-rewrite"),
    "test_damage": ("reconcile", "check-staged-rows"),
}

# How the parameters of shared tests name a load of a strategy.
_LOADS = {
    "merge": "incremental_merge", "append": "incremental_append", "partitions": "partition_replace", "full": "full_refresh",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One test with its parameters. `id`: as pytest writes it, below tests/engines/loads."""

    id: str
    module: str
    sink: Sink
    call: Callable[[World], object]


@cache
def cases() -> dict[str, Case]:
    """Every case of the battery by its id."""
    found = (case for path in sorted(FOLDER.glob("test_*.py")) for case in _of_module(path.stem))
    return {case.id: case for case in found}


def cases_for(sink: str, strategy: str, step: str = "") -> list[Case]:
    """Those that may see a mutant of this target engine and strategy: those about the step first, then the strategy's own."""
    first = [module for module, starts in _ABOUT.items() if step and step.startswith(starts)]
    order = {name: place for place, name in enumerate(dict.fromkeys((*first, f"test_{strategy}", *_SHARED)))}
    fitting = [case for case in cases().values() if case.sink.name == SINKS[sink] and case.module in order]
    meant = [case for case in fitting if case.module not in _SHARED or not strategy or _runs(case, strategy)]
    return sorted(meant, key=lambda case: order[case.module])


def _runs(case: Case, strategy: str) -> bool:
    """Whether a load of the strategy is among those that the test's parameters name, where they name any."""
    named = [_LOADS[name] for name in re.split(r"[][-]", case.id) if name in _LOADS]
    return not named or strategy in named


def _of_module(name: str) -> Iterator[Case]:
    module = importlib.import_module(f"tests.engines.loads.{name}")
    for function_name, function in inspect.getmembers(module, inspect.isfunction):
        if not function_name.startswith("test_") or function.__module__ != module.__name__:
            continue
        for ids, values in _parameters(function):
            if "sink" in values and set(inspect.signature(function).parameters) - set(values) <= {"world"}:
                yield _case(name, function, ids, values)


def _case(module: str, function: Callable[..., object], ids: list[str], values: dict[str, Any]) -> Case:
    sink = values["sink"]
    rest = {name: value for name, value in values.items() if name != "sink"}
    return Case(
        id=f"{module}.py::{function.__name__}[{'-'.join(ids)}]",
        module=module,
        sink=sink,
        call=lambda world: function(world=world, **rest),
    )


def _parameters(function: Callable[..., object]) -> Iterator[tuple[list[str], dict[str, Any]]]:
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    for chosen in product(*(_choices(mark) for mark in marks)):
        yield [id_ for id_, _ in chosen], {name: value for _, values in chosen for name, value in values.items()}


def _choices(mark: pytest.Mark) -> list[tuple[str, dict[str, Any]]]:
    names, given = mark.args
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    made = []
    for number, item in enumerate(given):
        # pytest.param's own type has no public name.
        whole = getattr(item, "values", None) if not isinstance(item, dict) else None
        values = list(whole) if whole is not None else [item] if len(names) == 1 else list(item)
        written = [_written(name, value, number) for name, value in zip(names, values, strict=True)]
        made.append((getattr(item, "id", None) or "-".join(written), dict(zip(names, values, strict=True))))
    return made


def _written(name: str, value: object, number: int) -> str:
    plain = isinstance(value, str | bool | int | float) or value is None
    return str(value) if plain else f"{name}{number}"
