"""Every lowering of the Postgres backend, on Postgres 18 and 15."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from dpone_compiler.backends.postgres import names
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan import actions as do
from tests.engine_fixtures import FreshDatabase
from tests.engines.postgres_lab import OTHER_RUN, RUN, Lab, a_context, a_load, column, connect, refused, same
from tests.tiers import POSTGRES_SERVERS

NASTY = 'a "b" $dponec$\nü;--'
SOURCE, TARGET = TableRef("src", NASTY), TableRef("public", NASTY)


@pytest.fixture(params=POSTGRES_SERVERS)
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
    lab = Lab(context, connect(database()), connect(url := database()), url)
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


def cut(data: bytes) -> bytes:
    """Binary COPY ends with -1; the last tuple before it is taken out (id 3, 'x…', -infinity: 2+4+8+4+5+4+8 bytes)."""
    assert data.endswith(b"\xff\xff") and len(data) > 60
    return data[: -2 - 35] + b"\xff\xff"


def other_value(data: bytes) -> bytes:
    return data.replace(b"\x00\x00\x00\x01a", b"\x00\x00\x00\x01b")


@pytest.mark.parametrize("change", [cut, other_value])
def test_a_stream_that_was_cut_or_changed_is_refused(refresh: Lab, change: Callable[[bytes], bytes]) -> None:
    refused("DP501", lambda: stage(refresh, change))


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        ("DP502", "SELECT 1, 'a', now() WHERE false"),
        ("DP503", "VALUES (1, 'a', now()), (NULL, 'b', now())"),
        ("DP504", "VALUES (1, 'a', now()), (1, 'b', now())"),
    ],
)
def test_staging_that_breaks_a_promise_is_refused(refresh: Lab, code: str, rows: str) -> None:
    refresh.source.run(f"TRUNCATE src.{quoted(NASTY)}; INSERT INTO src.{quoted(NASTY)} {rows}", {})
    refused(code, lambda: stage(refresh))


def test_the_guard_sees_lost_staging(refresh: Lab) -> None:
    stage(refresh)
    record = REFRESH[13]
    staged = names.staging(refresh.context, ROWS).name
    assert len(staged.encode()) <= 63
    refresh.target.run(f"DELETE FROM public.{quoted(staged)} WHERE id = 1", {})
    assert refresh.guard(record) == "0"
    refresh.target.run(f"DROP TABLE public.{quoted(staged)}", {})
    assert refresh.guard(record) == "0"


TAMPERED = (
    f"DELETE FROM public.{quoted(NASTY)} WHERE id = 1",
    f"UPDATE public.{quoted(NASTY)} SET id = 9 WHERE id = 1",
    f"UPDATE public.{quoted(NASTY)} SET at = now() WHERE id = 1",
    f"INSERT INTO public.{quoted(NASTY)} VALUES (7)",
    "SELECT set_config('dponec.rows_inserted', '2', true)",
    "UPDATE public.dponec_state SET rows_staged = 2, phase = 'staged'",
)


@pytest.mark.parametrize("tampering", TAMPERED)
def test_reconcile_fails_and_nothing_is_kept(refresh: Lab, tampering: str) -> None:
    stage(refresh)
    refresh.target.run(f"INSERT INTO public.{quoted(NASTY)} VALUES (42)", {})
    refresh.target.begin()
    refresh.on_target(REFRESH[5], *REFRESH[14:16])
    refresh.target.run(tampering, {})
    refused("DP510", lambda: refresh.on_target(REFRESH[16]))
    refresh.target.rollback()
    assert [row[0] for row in rows_of(refresh)] == ["42"]


@pytest.mark.parametrize(
    "lost",
    ["fence = fence + 1", "lease_owner = 'somebody'", "lease_owner = NULL"],
)
def test_a_zombie_may_not_write(refresh: Lab, lost: str) -> None:
    stage(refresh)
    refresh.target.run(f"UPDATE public.dponec_state SET {lost}", {})
    for action in (REFRESH[5], REFRESH[4], REFRESH[13]):
        refused("DP410", lambda action=action: refresh.on_target(action))  # type: ignore[misc]
    refused("DP511", lambda: refresh.on_target(REFRESH[17]))
    refused("DP510", lambda: refresh.on_target(REFRESH[16]))


def test_commit_needs_the_staged_phase(refresh: Lab) -> None:
    refresh.on_target(*REFRESH[2:5])
    refused("DP511", lambda: refresh.on_target(REFRESH[17]))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ('DROP COLUMN "at"', "column at is gone"),
        ('ALTER COLUMN "at" TYPE timestamptz(3)', "is timestamp(3) with time zone"),
        ("ALTER COLUMN id TYPE integer", "is integer"),
    ],
)
def test_drift_names_the_column(refresh: Lab, change: str, word: str) -> None:
    refresh.source.run(f"ALTER TABLE src.{quoted(NASTY)} {change}", {})
    assert word in refused("DP420", lambda: refresh.on_source(REFRESH[0]))
    refresh.target.run(f"ALTER TABLE public.{quoted(NASTY)} {change}", {})
    assert word in refused("DP420", lambda: refresh.on_target(REFRESH[1]))


def test_drift_of_the_target_that_must_be_filled(refresh: Lab) -> None:
    alter = f"ALTER TABLE public.{quoted(NASTY)} ADD COLUMN"
    refresh.target.run(
        f"{alter} a int; {alter} b int NOT NULL DEFAULT 1; {alter} c int GENERATED ALWAYS AS IDENTITY", {}
    )
    refresh.on_target(REFRESH[1])
    refresh.target.run(f"{alter} must int NOT NULL", {})
    assert "column must is new" in refused("DP420", lambda: refresh.on_target(REFRESH[1]))
    refresh.target.run(f"DROP TABLE public.{quoted(NASTY)}", {})
    refused("DP420", lambda: refresh.on_target(REFRESH[1]))


def test_the_lease(refresh: Lab) -> None:
    lease = refresh.lower(do.AcquireLease())

    def take(run: str, backend: str = "") -> tuple[tuple[str | None, ...], ...]:
        return refresh.target.run(lease.bodies["main"], {"run_id": run, "lease_backend": backend}).rows

    assert take(RUN) == (("1",),)
    assert take(OTHER_RUN) == ()
    assert take(RUN) == (("2",),)
    refresh.target.run("UPDATE public.dponec_state SET lease_until = clock_timestamp() - interval '1 s'", {})
    assert take(OTHER_RUN) == (("3",),)
    beat = {"run_id": OTHER_RUN, "fence": "3"}
    refresh.target.run("UPDATE public.dponec_state SET lease_until = clock_timestamp() + interval '1 s'", {})
    refresh.target.run(lease.bodies["heartbeat"], {**beat, "fence": "2"})
    refresh.on_target(do.ReadState())
    assert int(refresh.values["lease_seconds"]) <= 1
    refresh.target.run(lease.bodies["heartbeat"], beat)
    refresh.on_target(do.ReadState())
    assert int(refresh.values["lease_seconds"]) > 50
    refresh.target.run(lease.bodies["giveback"], beat)
    holder = connect(refresh.url)
    pid = holder.run("SELECT pg_backend_pid()", {}).rows[0][0] or ""
    assert take(RUN, pid) == (("4",),)
    refresh.on_target(do.ReadState())
    assert (refresh.values["lease_alive"], refresh.values["lease_owner"]) == ("1", RUN)
    assert take(OTHER_RUN) == ()
    holder.close()
    for _ in range(100):
        if (taken := take(OTHER_RUN)) or time.sleep(0.05):
            break
    assert taken == (("5",),)


def test_state_of_a_fresh_target(refresh: Lab) -> None:
    refresh.on_target(do.ReadState())
    assert (refresh.values["phase"], refresh.values["target_empty"], refresh.values["fence"]) == ("idle", "1", "0")
    refresh.target.run(f"INSERT INTO public.{quoted(NASTY)} VALUES (42)", {})
    refresh.on_target(do.ReadState())
    assert refresh.values["target_empty"] == "0"
