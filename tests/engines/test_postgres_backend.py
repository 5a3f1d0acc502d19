"""Every lowering of the Postgres backend, on Postgres 18 and 15."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan import actions as do
from tests.engine_fixtures import FreshDatabase
from tests.engines.postgres_lab import OTHER_RUN, Lab, a_context, a_load, column, connect, same

NASTY = 'a "b" $dponec$\nü;--'
SOURCE, TARGET = TableRef("src", NASTY), TableRef("public", NASTY)


@pytest.fixture(params=["pg_wheel_db", "pg_debian_db"])
def database(request: pytest.FixtureRequest) -> FreshDatabase:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


MOVED = same(column("id", "bigint"), column(NASTY, "character varying(20)"), column("at", "timestamp with time zone"))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def prepared(lab: Lab, rows: str = "") -> Lab:
    body = f"(id bigint, {quoted(NASTY)} varchar(20), at timestamptz)"
    lab.source.run(f"CREATE SCHEMA src; CREATE TABLE src.{quoted(NASTY)} {body}", {})
    lab.target.run(f"CREATE TABLE public.{quoted(NASTY)} {body}", {})
    lab.source.run(f"INSERT INTO src.{quoted(NASTY)} {rows}", {})
    lab.setup()
    return lab


def rows_of(lab: Lab, query: str = "") -> list[tuple[str | None, ...]]:
    return list(lab.target.run(query or f"SELECT * FROM public.{quoted(NASTY)} ORDER BY id", {}).rows)


ROWS = do.Staging(role="rows", columns=MOVED)
ALL = do.Selection(table=SOURCE, columns=MOVED)
REFRESH: tuple[do.Action, ...] = (
    do.CheckTable(side="source", table=SOURCE),
    do.CheckTable(side="target", table=TARGET),
    do.ReadState(),
    do.AcquireLease(),
    do.OpenAttempt(),
    do.Fence(),
    do.CreateStaging(staging=ROWS),
    do.FingerprintSource(selection=ALL, level="content", role="rows"),
    do.Transfer(selection=ALL, staging=ROWS, wire="binary"),
    do.CheckStagedRows(staging=ROWS, level="content"),
    do.CheckNotEmpty(staging=ROWS),
    do.CheckNullKeys(staging=ROWS, key=("id",)),
    do.CheckDuplicateKeys(staging=ROWS, key=("id",)),
    do.RecordStaged(staging=ROWS, level="content"),
    do.DeleteAll(truncate=False),
    do.InsertStaged(staging=ROWS),
    do.Reconcile(staging=ROWS, level="full", scope="all", key=("id",)),
    do.CommitState(interval=None),
    do.DropStaging(staging=ROWS),
    do.ReleaseLease(),
)
THREE = "VALUES (1, 'a', '2024-01-01 00:00:00.123456+00'), (2, NULL, 'infinity'), (3, E'x\\ty\\n\\\\', '-infinity')"


@pytest.fixture
def refresh(database: FreshDatabase) -> Iterator[Lab]:
    context = a_context(a_load(MOVED, SOURCE, TARGET), *REFRESH)
    lab = Lab(context, connect(database()), connect(database()))
    yield prepared(lab, THREE)
    lab.source.close()
    lab.target.close()


def stage(lab: Lab, change: Callable[[bytes], bytes] = lambda data: data) -> None:
    plan = [step.action for step in lab.context.plan.steps]
    lab.on_source(plan[0])
    lab.on_target(*plan[1:5])
    lab.in_transaction(plan[5], plan[6])
    lab.on_source(plan[7])
    lab.transfer(plan[8], change)
    lab.on_target(*plan[9:14])


def finish(lab: Lab) -> None:
    plan = [step.action for step in lab.context.plan.steps]
    lab.in_transaction(plan[5], *plan[14:18])
    lab.on_target(*plan[18:])


def test_full_refresh(refresh: Lab) -> None:
    stage(refresh)
    assert refresh.values["rows_staged"] == "3"
    assert refresh.guard(REFRESH[13]) == "1"
    finish(refresh)
    assert [row[0] for row in rows_of(refresh)] == ["1", "2", "3"]
    refresh.on_target(do.ReadState())
    assert refresh.values["phase"] == "done"
    assert refresh.values["lease_owner"] == ""
    refresh.values["run_id"] = OTHER_RUN
    stage(refresh)
    finish(refresh)
    assert len(rows_of(refresh)) == 3
