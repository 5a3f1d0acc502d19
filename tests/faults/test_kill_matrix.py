"""SIGKILL everywhere: whatever step a run dies in, the next run finishes the load, here or on another machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.faults.cases import CASES, Case
from tests.faults.conftest import LabOf
from tests.faults.lab import Lab
from tests.faults.points import Point, points_of, steps_of
from tests.faults.zygote import ROOT
from tests.told import LANDED

_POSTGRES = [pytest.param(c, s, id=f"{c.name}-{s}") for c in CASES.values() if c.target == "postgres" for s in c.steps]
_CLICKHOUSE = [
    pytest.param(c, s, id=f"{c.name}-{s}") for c in CASES.values() if c.target != "postgres" for s in c.steps
]
# Steps that do nothing when nothing is there to be done, so that some of their statements are never sent.
_SELDOM = ("drop-old-staging (body)", "drop-old-staging:rows=1", "drop-emptied-partitions (body)",
           "drop-emptied-partitions:rows=1", "drop-stale-partitions")  # fmt: skip
_NEVER_EMPTY = "ch_partition"  # DP502: an empty set of partitions is refused, not passed over

Note = Callable[[str, object], None]


def _resume_here(lab: Lab) -> None:
    lab.done()


def _resume_elsewhere(lab: Lab) -> None:
    lab.forget()
    lab.done(cwd=lab.machine("elsewhere"))


RESUMES = (_resume_here, _resume_elsewhere)


def _kill_and_resume(lab: Lab, point: Point, resume: Callable[[Lab], None], note: Note) -> bool:
    lab.change()
    landed = point.kill(lab)
    if landed:
        note(LANDED, f"{lab.case.name}: {landed}{', resumed elsewhere' if resume is _resume_elsewhere else ''}")
        if lab.case.name == _NEVER_EMPTY and "release-lease" in point.name:
            time.sleep(0.3)  # the server may still be at it
            if lab.finished():  # the run that died had finished, so the next one is a new one
                lab.change()
        resume(lab)
    problems = lab.problems()
    assert not problems, f"after a kill at {point.name} and {resume.__name__}: {problems}"
    return bool(landed)


def _break(lab: Lab, step: str, note: Note, *, both: bool) -> None:
    lab.ready()
    points = points_of(lab, step)
    for number, point in enumerate(points):
        for resume in RESUMES if both else (RESUMES[number % 2],):
            landed = _kill_and_resume(lab, point, resume, note)
            assert landed or point.name.endswith(_SELDOM), f"no run came by {point.name}"
    if lab.case.name != _NEVER_EMPTY:
        lab.no_op()


@pytest.mark.parametrize(("case", "step"), _POSTGRES)
def test_postgres(case: Case, step: str, pg_labs: LabOf, record_property: Note) -> None:
    _break(pg_labs(case), step, record_property, both=True)


@pytest.mark.parametrize(("case", "step"), _CLICKHOUSE)
def test_clickhouse(case: Case, step: str, ch_labs: LabOf, chdb: object, record_property: Note) -> None:
    _break(ch_labs(case), step, record_property, both=False)


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.target == "postgres"], ids=lambda c: c.name)
def test_every_step_of_the_postgres_plans_is_broken(case: Case, pg_labs: LabOf) -> None:
    assert tuple(step["id"] for step in steps_of(pg_labs(case))) == case.steps


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.target != "postgres"], ids=lambda c: c.name)
def test_every_step_of_the_clickhouse_plans_is_broken(case: Case, ch_labs: LabOf, chdb: object) -> None:
    assert tuple(step["id"] for step in steps_of(ch_labs(case))) == case.steps


@pytest.mark.parametrize("name", ["pg_merge", "ch_merge"])
def test_the_installed_command(name: str, request: pytest.FixtureRequest, record_property: Note) -> None:
    """The matrix forks; a route each is killed and resumed as people do it, to prove that forking is no difference."""
    labs: LabOf = request.getfixturevalue("pg_labs" if name == "pg_merge" else "ch_labs")
    lab = labs(CASES[name])
    lab.ready()
    lab.change()
    words = (sys.executable, "-c", "from dpone_compiler.cli.main import main; main()", "run", str(lab.bundle))
    fault = {"DPONEC_FAULT": "before:commit-state", "DPONEC_TESTING": "1", "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(words, cwd=lab.home, env=lab.environ(**fault), capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert "DPONEC_FAULT landed before:commit-state" in killed.stderr
    record_property(LANDED, f"{name}: before:commit-state, of the command itself")
    environ = lab.environ(PYTHONPATH=str(ROOT))
    done = subprocess.run(words, cwd=lab.machine("elsewhere"), env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lab.check()
