"""A bad environment: the run stops with its code and the next command, changes nothing half, and the next run is well."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.host import free_port
from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import CASES, CH_MERGE, PG_MERGE, Case
from tests.faults.conftest import LabOf, new_clickhouse_lab, new_postgres_lab
from tests.faults.disks import small_disk
from tests.faults.lab import PASSWORD, Lab, with_password
from tests.faults.points import points_of
from tests.faults.trap import marker
from tests.faults.zygote import Ended, Zygote


@pytest.fixture(params=["postgres", "clickhouse"])
def lab(request: pytest.FixtureRequest, pg_labs: LabOf) -> Lab:
    """A loaded lab of each route, with changes to carry."""
    if request.param == "clickhouse":
        ch_labs: LabOf = request.getfixturevalue("ch_labs")
        found = ch_labs(CH_MERGE)
    else:
        found = pg_labs(PG_MERGE)
    found.ready()
    found.change()
    return found


def _stopped(lab: Lab, ended: Ended, codes: tuple[int, ...], *, code: str) -> None:
    """It stopped as the contract says, and the very next run ends well."""
    assert ended.code in codes, str(ended)
    assert ended.outcome["code"] == code, str(ended)
    assert ended.outcome["next"] == f"dponec run {lab.bundle}", str(ended)
    lab.done()
    lab.check()


@pytest.mark.parametrize("side", ["source", "target"])
def test_an_unreachable_server(lab: Lab, side: str) -> None:
    url = lab.source_url if side == "source" else lab.target.url
    before, started = (lab.target.rows(), lab.target.state()), time.monotonic()
    ended = lab.run(env={f"DPONE_CONN_FAULTS_{side.upper()}": with_password(url, free_port())})
    assert time.monotonic() - started < 5
    assert (lab.target.rows(), lab.target.state()) == before
    _stopped(lab, ended, (4,), code="DP421")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["transfer-rows", "commit-state"])
def test_a_signal(lab: Lab, step: str, number: signal.Signals) -> None:
    load = marker(step, "load", url=lab.case.target == "clickhouse") if step == "transfer-rows" else marker(step)
    held = lab.held("target", load)
    held.run.signal(number)
    time.sleep(0.1)
    started = time.monotonic()
    ended = held.ends()
    assert time.monotonic() - started < 8, "a lock timeout passed before the lease was given back"
    _stopped(lab, ended, (128 + number,), code="DP426")


def test_no_state_table(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> None:
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel)
    ended = lab.run()
    assert (ended.code, ended.outcome["code"]) == (1, "DP416"), str(ended)
    assert ended.outcome["next"] == f"dponec run {lab.bundle} --apply-setup"
    assert (lab.target.rows(), lab.target.staging()) == ([], [])
    lab.ready()


def test_no_state_table_in_clickhouse(pg_wheel: EmbeddedPostgres, chdb: Engine, zygote: Zygote, tmp_path: Path) -> None:
    lab = new_clickhouse_lab(CH_MERGE, zygote, tmp_path, pg_wheel, chdb)
    ended = lab.run()
    assert (ended.code, ended.outcome["code"]) == (1, "DP416"), str(ended)
    assert ended.outcome["next"] == f"dponec run {lab.bundle} --apply-setup"
    lab.ready()


_GRANTS = {
    "dwh.orders": "REVOKE INSERT ON dwh.orders FROM {role}",
    "staging": "REVOKE CREATE ON SCHEMA staging FROM {role}",
    "dponec_state": "REVOKE ALL ON dwh.dponec_state FROM {role}",
}


@pytest.mark.parametrize("what", _GRANTS)
def test_a_missing_permission(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path, what: str) -> None:
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel)
    lab.ready()
    role = f"limited_{what.replace('.', '_')}_{time.monotonic_ns()}"
    lab.target.execute(
        f"CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA dwh, staging TO {role}; "
        f"GRANT ALL ON ALL TABLES IN SCHEMA dwh TO {role}; GRANT pg_read_all_stats TO {role}; "
        + _GRANTS[what].format(role=role)
    )
    lab.change()
    before = lab.target.rows()
    url = with_password(lab.target.url).replace("//postgres:", f"//{role}:")
    ended = lab.run(env={"DPONE_CONN_FAULTS_TARGET": url})
    assert lab.target.rows() == before
    assert what.rpartition(".")[2] in ended.outcome["message"]
    _stopped(lab, ended, (1, 5), code="DP423")


def test_a_lock_that_another_session_holds(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> None:
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel, lock_timeout=1)
    lab.ready()
    lab.change()
    with psycopg.connect(lab.target.url) as other:
        other.execute("LOCK TABLE dwh.orders IN SHARE MODE")  # reads pass, so that it is met in the finalizer
        ended = lab.run()
    _stopped(lab, ended, (5,), code="DP422")
    lab.change()
    with psycopg.connect(lab.target.url) as other:
        other.execute("LOCK TABLE dwh.orders IN ACCESS EXCLUSIVE MODE")
        ended = lab.run()
    _stopped(lab, ended, (4,), code="DP422")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of one page."""
    folder = tmp_path / "small"
    folder.mkdir()
    with small_disk(folder, "size=4k"):
        yield folder


def test_a_full_disk_under_the_journal(lab: Lab, full_disk: Path) -> None:
    ended = lab.run("--journal-dir", str(full_disk))
    assert "No space left" in ended.outcome["message"], str(ended)
    _stopped(lab, ended, (5,), code="DP425")


_CUT = [
    pytest.param(CASES[name], step, id=f"{name}-{step}")
    for name in ("pg_merge", "ch_merge")
    for step in CASES[name].steps
]


@pytest.mark.parametrize(("case", "step"), _CUT)
def test_a_connection_that_breaks(case: Case, step: str, request: pytest.FixtureRequest) -> None:
    labs: LabOf = request.getfixturevalue("pg_labs" if case.target == "postgres" else "ch_labs")
    lab = labs(case)
    lab.ready()
    for point in points_of(lab, step):
        if (
            not point.side
            or (point.name.endswith("(body)") and "partitions" not in point.name)
            or "old-staging" in point.name
        ):
            continue
        lab.change()
        try:
            held = lab.held(point.side, *point.markers, extra=point.extra)
        except AssertionError as error:
            assert "drop-emptied" in step, error
            continue
        held.trap.cut()
        _stopped(lab, held.ends(), (4, 5), code="DP421")


def test_the_administrator_ends_our_session(pg_labs: LabOf) -> None:
    lab = pg_labs(PG_MERGE)
    lab.ready()
    lab.change()
    held = lab.held("target", marker("insert-staged"))
    lab.target.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dponec' "
                       "AND datname = current_database() AND state <> 'idle'")  # fmt: skip
    _stopped(lab, held.ends(), (5,), code="DP421")


def test_a_value_that_an_error_quotes_is_written_nowhere(
    pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path
) -> None:
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel)
    lab.ready()
    lab.target.execute("CREATE UNIQUE INDEX ON dwh.orders (note) WHERE note LIKE 'secret%'")
    with psycopg.connect(lab.source_url) as session:
        session.execute(
            "UPDATE public.orders SET note = 'secret@example.org', updated_at = clock_timestamp(), status = 'new' WHERE id < 3"
        )
    ended = lab.run()
    assert (ended.code, ended.outcome["code"]) == (5, "DP424"), str(ended)
    assert "note" in ended.outcome["message"]
    written = [path.read_bytes() for path in lab.folder.rglob("*") if path.is_file()]
    told = b"".join([*written, ended.stdout.encode(), ended.stderr.encode()])
    assert b"secret@" not in told
    assert PASSWORD.encode() not in told
