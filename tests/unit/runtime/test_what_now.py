"""What now: for each kind of step on each engine, what may be left behind, how to tell and what to type; and never nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from syrupy.assertion import SnapshotAssertion

from dpone_compiler.artifacts.plan_codec import decode_plan
from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.cli.main import cli
from dpone_compiler.driver.compile import Options, compile_paths
from dpone_compiler.plan.actions import Action
from dpone_compiler.problems.catalogue import pages
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.replay import resync_bundle
from dpone_compiler.runtime.what_now import CODES, lines, what_now
from tests.compiled_bundles import CASES, EXAMPLES, ROOT, bundle
from tests.golden_files import GoldenText

# What every engine's own error says (of SQL Server in each batch).
_ENGINE = {"DP424"}


def _loaded() -> Iterator[LoadedBundle]:
    """Every bundle of the repository, its resync where it has one, and a load whose deletes are limited where nothing rolls back."""
    limits = Options(overrides={"sink.limits.max_delete_ratio": "0.5"})
    limited = compile_paths([ROOT / "tests" / "cases" / "loads" / "replace_ch.yaml"], limits).bundles
    for made in (*(bundle(name) for name in (*EXAMPLES, *CASES)), *limited):
        one = LoadedBundle(
            folder=Path("plans") / made.name, doc=decode_plan(made.files["plan.json"]), bodies=made.files
        )
        yield one
        if (one.doc.replay.get("resync") or {}).get("steps"):
            yield resync_bundle(one)


LOADED = list(_loaded())


def _steps() -> Iterator[tuple[PlanDoc, StepDoc]]:
    return ((each.doc, step) for each in LOADED for step in each.doc.steps)


def _of_kind(kind: str) -> str:
    """Each different answer for this kind, with the engines and steps that it is the answer for."""
    told: dict[str, dict[str, None]] = {}
    for plan, step in _steps():
        if step.kind == kind:
            text = "\n".join(lines(what_now(plan, step, "plans/LOAD"))).replace(step.id, "STEP")
            text = re.sub(r"steps/\d+-", "steps/NN-", text)
            told.setdefault(text, {})[f"{step.engine}{', in a transaction' if step.transaction else ''}"] = None
    return "\n\n".join(f"{'; '.join(sorted(where))}\n{text}" for text, where in told.items()) + "\n"


@pytest.mark.parametrize("kind", sorted({step.kind for _, step in _steps()}))
def test_each_kind_of_step_says_what_now(kind: str, snapshot: SnapshotAssertion) -> None:
    assert _of_kind(kind) == snapshot.use_extension(GoldenText)


def test_no_step_is_without_an_answer_and_every_command_is_one_of_ours() -> None:
    for plan, step in _steps():
        states = what_now(plan, step, "plans/it's here", "11111111-2222-3333-4444-555555555555")
        assert states
        assert len({state.state for state in states}) == len(states), step.id
        for state in states:
            program, *words = shlex.split(state.next)
            assert program == "dponec"
            _parses(cli, words)


def _parses(command: click.Command, words: list[str]) -> None:
    with command.make_context("dponec", words, resilient_parsing=False) as context:
        if isinstance(command, click.Group):
            name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            assert found is not None, name
            _parses(found, rest)


def test_every_code_has_a_page_and_every_kind_is_one_that_plans_have() -> None:
    assert {code for codes in CODES.values() for code in codes} <= pages().keys()
    assert CODES.keys() <= {step.kind for _, step in _steps()}


def test_no_kind_of_step_is_left_out() -> None:
    assert {step.kind for _, step in _steps()} == {
        re.sub(r"(?<!^)(?=[A-Z])", "_", e.__name__).lower() for e in get_args(Action)
    }


def test_what_the_text_of_a_step_refuses_with_is_told() -> None:
    for each in LOADED:
        for step in each.doc.steps:
            bodies = (each.bodies[path] for path in (step.file, *step.files.values()) if path)
            raised = {code for body in bodies for code in re.findall(r"DP[45]\d\d", re.sub(r"(?m)^--.*$", "", body))}
            assert raised - _ENGINE <= set(CODES.get(step.kind, ())), step.id


def test_a_known_code_takes_the_place_of_the_possible_ones() -> None:
    plan, step = next((p, s) for p, s in _steps() if s.kind == "check_partition_values")
    told = [state.next for state in what_now(plan, step, "b", codes=("DP506",))]
    assert "dponec explain DP506" in told
    assert "dponec explain DP505" not in told
