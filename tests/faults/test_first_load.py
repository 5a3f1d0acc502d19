"""Kills in the very first load: the target is empty, there is no watermark, and the state row has just been made."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import CH_APPEND, CH_MERGE, PG_MERGE, Case
from tests.faults.conftest import new_clickhouse_lab, new_postgres_lab
from tests.faults.lab import Lab
from tests.faults.test_kill_matrix import Note
from tests.faults.zygote import Zygote
from tests.told import LANDED

_POSTGRES = ("after-commit:acquire-lease", "after-commit:open-attempt", "inside:transfer-rows:rows=1", "before-commit:finalize",
             "after-commit:finalize")  # fmt: skip
_CLICKHOUSE = ("after-commit:open-attempt", "inside:transfer-rows:rows=1", "after-commit:record-staged", "before:commit-state",
               "after-commit:commit-state")  # fmt: skip


def _killed_and_finished(lab: Lab, point: str, note: Note) -> None:
    killed = lab.run("--apply-setup", env={"DPONEC_FAULT": point, "DPONEC_TESTING": "1"})
    assert killed.code == -signal.SIGKILL, str(killed)
    note(LANDED, f"{lab.case.name}, first load: {point}")
    lab.change()
    lab.done(cwd=lab.machine("elsewhere"))
    lab.done()
    lab.check()


@pytest.mark.parametrize("point", _POSTGRES)
def test_on_postgres(
    pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path, point: str, record_property: Note
) -> None:
    _killed_and_finished(new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel), point, record_property)


@pytest.mark.parametrize("case", [CH_MERGE, CH_APPEND], ids=lambda case: case.name)
@pytest.mark.parametrize("point", _CLICKHOUSE)
@pytest.mark.chdb
def test_on_clickhouse(
    case: Case, point: str, request: pytest.FixtureRequest, tmp_path: Path, record_property: Note
) -> None:
    postgres, clickhouse, zygote = (request.getfixturevalue(name) for name in ("pg_wheel", "chdb", "zygote"))
    _killed_and_finished(new_clickhouse_lab(case, zygote, tmp_path, postgres, clickhouse), point, record_property)


# The steps that change the table itself: it is dropped, or lacks a column, before the load is compiled.
_MAKES = {"sink": "  create_target: if_missing\n", "before": "DROP TABLE {}"}
_ADDS = {"sink": "  schema_evolution: additive\n", "before": "ALTER TABLE {} DROP COLUMN note"}
_SHAPED = [
    (_MAKES, "before:create-target"),
    (_MAKES, "after-commit:create-target"),
    (_ADDS, "before:add-columns"),
    (_ADDS, "after-commit:add-columns"),
    (_ADDS, "after-commit:check-columns"),
    (_ADDS, "after-commit:open-attempt"),
]


def _shaped(case: Case, table: str, shape: dict[str, str]) -> Case:
    return replace(case, sink=shape["sink"], before=shape["before"].format(table))


@pytest.mark.parametrize(("shape", "point"), _SHAPED)
def test_where_the_table_is_made_or_grows_on_postgres(  # noqa: PLR0917 - fixtures
    pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path, shape: dict[str, str], point: str, record_property: Note
) -> None:
    case = _shaped(PG_MERGE, "dwh.orders", shape)
    _killed_and_finished(new_postgres_lab(case, zygote, tmp_path, pg_wheel), point, record_property)


@pytest.mark.parametrize(("shape", "point"), _SHAPED)
@pytest.mark.chdb
def test_where_the_table_is_made_or_grows_on_clickhouse(
    shape: dict[str, str], point: str, request: pytest.FixtureRequest, tmp_path: Path, record_property: Note
) -> None:
    postgres, clickhouse, zygote = (request.getfixturevalue(name) for name in ("pg_wheel", "chdb", "zygote"))
    case = _shaped(CH_MERGE, "orders", shape)
    _killed_and_finished(new_clickhouse_lab(case, zygote, tmp_path, postgres, clickhouse), point, record_property)
