"""The limits of a plan are kept by every session on Postgres, in a fenced transaction or outside of it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import PG_MERGE
from tests.faults.conftest import new_postgres_lab
from tests.faults.executors import EXECUTORS, run_by
from tests.faults.zygote import Zygote

_BRIEF = replace(PG_MERGE, limits=", statement_timeout: 1s")
_ROW = b"SELECT FROM dwh.dponec_state FOR UPDATE"
_SOURCE = b"LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE"


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_held_state_row_ends_a_run_before_anything_changed(
    executor: str, pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path
) -> None:
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel, lock_timeout=1)
    lab.ready()
    lab.change()
    with psycopg.connect(lab.target.url) as other:
        other.execute(_ROW)
        started = time.monotonic()
        code, told = run_by(lab, executor)
        assert time.monotonic() - started < 20
    assert (code, "DP422" in told, "acquire-lease" in told) == (4, True, True), told
    assert run_by(lab, executor)[0] == 0
    lab.check()


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_statement_that_takes_too_long_is_ended(
    executor: str, side: str, pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path
) -> None:
    lab = new_postgres_lab(_BRIEF, zygote, tmp_path, pg_wheel)
    lab.ready()
    lab.change()
    with psycopg.connect(lab.source_url if side == "source" else lab.target.url) as other:
        other.execute(_SOURCE if side == "source" else _ROW)
        started = time.monotonic()
        code, told = run_by(lab, executor)
        assert time.monotonic() - started < 20
    assert (code in (1, 5), "57014" in told) == (True, True), told
    assert run_by(lab, executor)[0] == 0
    lab.check()
