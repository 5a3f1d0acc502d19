"""SIGKILL in the steps that only some loads have: around a slot, with a change table, with rows marked as deleted, in a declared
scope, and in the finalizer of every policy that the matrix leaves out. A slot may never be ahead of the state."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.faults.cases import CH_SLOT, PG_CHANGES, PG_GONE_HARD, PG_GONE_SOFT, PG_SCOPE, PG_SLOT, Case
from tests.faults.conftest import LabOf
from tests.faults.lab import Lab
from tests.faults.points import Point, points_of
from tests.faults.policies import ON_CLICKHOUSE, ON_POSTGRES
from tests.faults.test_kill_matrix import RESUMES, Note
from tests.told import LANDED

_CONFIRMED = """SELECT (confirmed_flush_lsn - '0/0')::bigint FROM pg_replication_slots
  WHERE database = current_database() AND NOT temporary"""


def _steps(*cases: Case) -> list[Any]:
    return [pytest.param(case, step, id=f"{case.name}-{step}") for case in cases for step in case.steps]


def _confirmed(lab: Lab) -> int:
    with psycopg.connect(lab.source_url, autocommit=True) as session:
        (found,) = session.execute(_CONFIRMED).fetchall()
    return int(found[0])


def _published(lab: Lab) -> Lab:
    """What the owner of the source does once."""
    with psycopg.connect(lab.source_url, autocommit=True) as session:
        session.execute((lab.bundle / "setup/postgres_publication_source.sql").read_bytes())
    lab.ready()
    return lab


def _break(lab: Lab, step: str, note: Note) -> None:
    for number, point in enumerate(points_of(lab, step)):
        _kill(lab, point, note)
        if lab.case.options.endswith("replication}"):
            state = lab.target.state()
            assert state is not None
            assert _confirmed(lab) <= int(state.watermark), (
                f"after a kill at {point.name} the slot is ahead of the state"
            )
        RESUMES[number % 2](lab)
        lab.done()  # the window of the resumed run was frozen before the kill
        lab.check()


def _kill(lab: Lab, point: Point, note: Note) -> None:
    lab.change()
    landed = point.kill(lab)
    assert landed, f"no run came by {point.name}"
    note(LANDED, f"{lab.case.name}: {landed}")
    lab.change()  # and the source goes on


@pytest.mark.parametrize(
    ("case", "step"), _steps(PG_SLOT, PG_CHANGES, PG_GONE_HARD, PG_GONE_SOFT, PG_SCOPE, *ON_POSTGRES)
)
def test_on_postgres(case: Case, step: str, pg_labs: LabOf, record_property: Note) -> None:
    lab = pg_labs(case)
    if case is PG_SLOT:
        _published(lab)
    lab.ready()
    _break(lab, step, record_property)


@pytest.mark.parametrize(("case", "step"), _steps(CH_SLOT, *ON_CLICKHOUSE))
def test_on_clickhouse(case: Case, step: str, ch_labs: LabOf, chdb: object, record_property: Note) -> None:
    lab = ch_labs(case)
    if case is CH_SLOT:
        _published(lab)
    lab.ready()
    _break(lab, step, record_property)
