"""Windows, merges, partition sets and types of the Postgres backend, on Postgres 18 and 15."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from psycopg import pq

from dpone_compiler.backends.postgres import BACKEND
from dpone_compiler.ir.interval import Interval, PartitionSet
from dpone_compiler.ir.load import ParsedSql, Partitioning, PartitionUnit
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan import actions as do
from tests.engines.postgres_lab import Lab, column, connect, labs, opened, refused, same, stage
from tests.tiers import POSTGRES_SERVERS

SOURCE, TARGET = TableRef("", "source"), TableRef("", "target")


@pytest.fixture(params=POSTGRES_SERVERS)
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., Lab]]:
    yield from labs(request.getfixturevalue(request.param), SOURCE, TARGET)


def interval(native: str, **more: bool) -> Interval:
    return Interval(column="at", type=BACKEND.parse_type(native), **more)


def freeze(native: str, *, lag: int | None = None, lookback: int = 0, assigned: bool = False) -> do.FreezeWindow:
    return do.FreezeWindow(interval=interval(native), lag=lag, lookback=lookback, assigned_by_database=assigned)


def now(lab: Lab, shown: str = "clock_timestamp()::text") -> str:
    return lab.source.run(f"SELECT {shown}", {}).rows[0][0] or ""


def before(lab: Lab, left: str, right: str) -> bool:
    return now(lab, f"(timestamptz '{left}' < timestamptz '{right}')::text") == "true"


def test_the_horizon_is_the_oldest_open_transaction(make: Callable[..., Lab]) -> None:
    action = freeze("timestamp with time zone", assigned=True)
    lab = make("CREATE TABLE source (id int, at timestamptz); CREATE TABLE target (id int, at timestamptz)", (), action)
    writer = connect(lab.url)
    writer.begin()
    started = writer.run("SELECT now()::text", {}).rows[0][0] or ""
    lab.on_source(action)
    assert lab.values["window_low"] == "-infinity"
    assert not before(lab, started, lab.values["window_high"])
    writer.run("INSERT INTO source VALUES (1, now())", {})
    writer.commit()
    writer.close()
    lab.values["watermark"] = lab.values["window_high"]
    lab.on_source(action)
    assert lab.values["window_low"] == lab.values["watermark"]
    assert before(lab, started, lab.values["window_high"])


@contextmanager
def streaming(url: str, slot: str) -> Iterator[None]:
    """A subscriber of the slot."""
    session = psycopg.connect(url, autocommit=True, replication="database")
    try:
        session.pgconn.send_query(f'START_REPLICATION SLOT "{slot}" LOGICAL 0/0'.encode())
        while session.pgconn.is_busy():
            session.pgconn.consume_input()
        answer = session.pgconn.get_result()
        assert answer is not None
        assert answer.status == pq.ExecStatus.COPY_BOTH
        yield
    finally:
        session.close()


def test_a_subscriber_does_not_hold_the_window_back(make: Callable[..., Lab]) -> None:
    """Its walsender shows one active statement, of weeks ago perhaps, and no transaction."""
    action = freeze("timestamp with time zone", assigned=True)
    lab = make("CREATE TABLE source (at timestamptz); CREATE TABLE target (at timestamptz)", (), action)
    slot = f"subscriber_{lab.url.rpartition('/')[2]}"
    lab.source.run(f"SELECT pg_create_logical_replication_slot('{slot}', 'test_decoding')", {})
    try:
        with streaming(lab.url, slot):
            lab.source.run("INSERT INTO source VALUES (clock_timestamp())", {})
            lab.on_source(action)
            assert now(lab, f"(max(at) < '{lab.values['window_high']}')::text FROM source") == "true"
    finally:
        now(lab, f"pg_terminate_backend(active_pid, 5000)::text FROM pg_replication_slots WHERE slot_name = '{slot}'")
        now(lab, f"pg_drop_replication_slot('{slot}')::text")


def test_a_watermark_never_goes_back(make: Callable[..., Lab]) -> None:
    action = freeze("timestamp with time zone", lag=3600, lookback=60)
    lab = make("CREATE TABLE source (at timestamptz); CREATE TABLE target (at timestamptz)", (), action)
    lab.values["watermark"] = "2999-01-01 00:00:00.123456+00:00"
    lab.on_source(action)
    assert lab.values["window_high"] == "2999-01-01 00:00:00.123456+00:00"
    assert lab.values["window_low"] == "2998-12-31 23:59:00.123456+00:00"


def test_what_hides_open_transactions_is_refused(make: Callable[..., Lab]) -> None:
    action = freeze("timestamp with time zone", assigned=True)
    lab = make("CREATE TABLE source (at timestamptz); CREATE TABLE target (at timestamptz)", (), action)
    lab.source.run("DROP ROLE IF EXISTS reader; CREATE ROLE reader; SET ROLE reader", {})
    assert "pg_read_all_stats" in refused("DP430", lambda: lab.on_source(action))
    lab.source.run("RESET ROLE; DROP ROLE reader", {})
    silent = connect(lab.url)
    silent.run("SET track_activities = off", {})
    assert "track_activities" in refused("DP430", lambda: lab.on_source(action))
    silent.close()


COPIES = {
    "materialized view": "CREATE TABLE written (at {0}); CREATE MATERIALIZED VIEW source AS TABLE written",
    "a view of one": "CREATE TABLE written (at {0}); CREATE MATERIALIZED VIEW copy AS TABLE written; CREATE VIEW source AS TABLE copy",
    "foreign partition": "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far; "
    "CREATE TABLE source (at {0}) PARTITION BY LIST (at); CREATE FOREIGN TABLE part PARTITION OF source DEFAULT SERVER far",
}


@pytest.mark.parametrize("native", ["timestamp with time zone", "integer"])
@pytest.mark.parametrize("copy", COPIES)
def test_rows_that_come_by_no_transaction_of_their_writers_need_a_lag(
    make: Callable[..., Lab], copy: str, native: str
) -> None:
    action, late = freeze(native, assigned=True), freeze(native, lag=0)
    lab = make(COPIES[copy].format(native) + "; CREATE TABLE target (at int)", (), action, late)
    assert "public.source reads a materialized view" in refused("DP430", lambda: lab.on_source(action))
    if copy != "foreign partition":  # a server that is nowhere
        lab.on_source(late)


@pytest.mark.parametrize("native", ["timestamp with time zone", "integer"])
def test_a_view_of_tables_is_read_as_they_are(make: Callable[..., Lab], native: str) -> None:
    action = freeze(native, assigned=True)
    ddl = (
        "CREATE TABLE written (at {0}) PARTITION BY LIST (at); CREATE TABLE part PARTITION OF written DEFAULT; "
        "CREATE VIEW source AS TABLE written"
    )
    lab = make(ddl.format(native) + "; CREATE TABLE target (at int)", (), action)
    lab.on_source(action)


@pytest.mark.parametrize("native", ["date", "timestamp(0) without time zone", "timestamp(3) with time zone"])
def test_coarse_cursors_end_at_a_closed_unit(make: Callable[..., Lab], native: str) -> None:
    action = freeze(native, lag=1)
    lab = make(f"CREATE TABLE source (at {native}); CREATE TABLE target (at {native})", (), action)
    lab.on_source(action)
    high = lab.values["window_high"]
    if native == "date":
        assert high == now(lab, "(clock_timestamp() - interval '1 second')::date::text")
    else:
        assert high.split("+")[0].endswith("000000" if "(0)" in native else "000")


def test_a_sequence_cursor_waits_for_writers(make: Callable[..., Lab]) -> None:
    action = freeze("integer")
    ddl = "CREATE TABLE source (at int GENERATED BY DEFAULT AS IDENTITY, v int); CREATE TABLE target (at int)"
    lab = make(ddl, (), action)
    lab.on_source(action)
    assert (lab.values["window_low"], lab.values["window_high"]) == ("-2147483648", "-2147483648")
    writer = connect(lab.url)
    writer.begin()
    writer.run("INSERT INTO source (v) VALUES (1)", {})
    lab.target.run("INSERT INTO source (v) VALUES (2)", {})
    reader = threading.Thread(target=lambda: lab.on_source(action))
    reader.start()
    time.sleep(0.3)
    assert reader.is_alive()
    writer.commit()
    writer.close()
    reader.join()
    assert lab.values["window_high"] == "3"
    lab.target.run("ALTER TABLE source ALTER at SET CACHE 20", {})
    assert "CACHE" in refused("DP430", lambda: lab.on_source(action))


KEYED = same(
    column("id", "integer"), column("at", "timestamp with time zone"), column("v", "text"), column("j", "json")
)
ROWS = do.Staging(role="rows", columns=KEYED)
LEFT = do.Staging(role="left", columns=KEYED[:1])
TABLES = "".join(
    f"CREATE TABLE {t} (id int{k}, at timestamptz, v text, j json);"
    for t, k in (("source", ""), ("target", " PRIMARY KEY"))
)
MERGE: tuple[do.Action, ...] = (
    do.Fence(),
    do.DeleteMatching(staging=LEFT, key=("id",)),
    do.UpdateMatching(staging=ROWS, key=("id",)),
    do.InsertStaged(staging=ROWS, missing_key=("id",)),
    do.Reconcile(staging=ROWS, level="full", scope="keys", key=("id",)),
    do.CommitState(interval=interval("timestamp with time zone")),
)


def test_merge_of_a_window(make: Callable[..., Lab]) -> None:
    window = freeze("timestamp with time zone", lag=1)
    kept = ParsedSql(text="v <> 'out'", dialect="postgres", columns=("v",), type=BACKEND.parse_type("boolean"))
    rows = do.Selection(table=SOURCE, columns=KEYED, where=kept, interval=window.interval)
    left = replace(rows, columns=KEYED[:1], negate_filter=True)
    lab = make(TABLES, KEYED, window, *MERGE)
    lab.source.run(
        "INSERT INTO source VALUES (1, '2024-01-02', 'same', '{}'), (2, '2024-01-02', 'new', '{}'), (3, '2024-01-02', 'out', '{}'),"
        " (4, '2024-01-02', NULL, NULL), (5, '2999-01-01', 'later', '{}')",
        {},
    )
    lab.target.run(
        "INSERT INTO target VALUES (1, '2024-01-02', 'same', '{}'), (2, '2024-01-01', 'old', '{}'), (3, '2024-01-01', 'was', '{}'),"
        " (4, '2024-01-01', 'was', '{}'), (9, NULL, 'other', '{}')",
        {},
    )
    untouched = now(lab, "xmin::text FROM target WHERE id = 1")
    lab.on_source(window)
    opened(lab)
    stage(lab, left, LEFT)
    lab.on_source(do.FingerprintSource(selection=rows, level="content", role="rows"))
    stage(lab, rows, ROWS)
    lab.on_target(do.CheckStagedRows(staging=ROWS, level="content"), do.RecordStaged(staging=ROWS, level="content"))
    lab.in_transaction(*MERGE)
    assert lab.target.run("SELECT id::text, v FROM target ORDER BY id", {}).rows == (
        ("1", "same"),
        ("2", "new"),
        ("9", "other"),
    )
    assert now(lab, "xmin::text FROM target WHERE id = 1") == untouched
    lab.on_target(do.ReadState(), do.ReleaseLease())
    assert lab.values["watermark"] == lab.values["window_high"]
    assert lab.values["phase"] == "committed"


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM target WHERE id = 1",
        "UPDATE target SET v = 'x' WHERE id = 2",
        "INSERT INTO target VALUES (7, NULL, 'left')",
        "SELECT set_config('dponec.rows_matched', '0', true)",
    ],
)
def test_merge_reconcile_fails(make: Callable[..., Lab], tampering: str) -> None:
    lab = make(TABLES, KEYED, *MERGE)
    lab.source.run("INSERT INTO source VALUES (1, NULL, 'a', '{}'), (2, NULL, 'b', '{}'), (7, NULL, 'out', '{}')", {})
    lab.target.run("INSERT INTO target VALUES (1, NULL, 'a', '{}')", {})
    everything = do.Selection(table=SOURCE, columns=KEYED)
    kept = ParsedSql(text="v <> 'out'", dialect="postgres", columns=("v",), type=BACKEND.parse_type("boolean"))
    opened(lab)
    stage(lab, replace(everything, where=kept, columns=KEYED[:1], negate_filter=True), LEFT)
    stage(lab, replace(everything, where=kept), ROWS)
    lab.on_target(do.RecordStaged(staging=ROWS, level="content"))
    lab.target.begin()
    lab.on_target(*MERGE[:4])
    lab.target.run(tampering, {})
    refused("DP510", lambda: lab.on_target(MERGE[4]))
    lab.target.rollback()


def test_clean_staging_and_late_keys(make: Callable[..., Lab]) -> None:
    clean = do.CleanStaging(staging=ROWS, key=("id",), skip_null_keys=True, keep_latest_by="at")
    lab = make(TABLES, KEYED, clean)
    lab.source.run(
        "INSERT INTO source VALUES (1, '2024-01-01', 'old'), (1, '2024-01-02', 'new'), (1, NULL, 'none'), (NULL, NULL, 'null')",
        {},
    )
    stage(lab, do.Selection(table=SOURCE, columns=KEYED), ROWS)
    lab.on_target(clean)
    assert (lab.values["rows_null_keys"], lab.values["rows_duplicate"]) == ("1", "2")
    (found,) = lab.target.run("SELECT tablename FROM pg_tables WHERE tablename LIKE '%dponec%rows'", {}).rows
    assert lab.target.run(f'SELECT v FROM "{found[0]}"', {}).rows == (("new",),)


@pytest.mark.parametrize("native", ["timestamp with time zone", "timestamp without time zone", "date"])
@pytest.mark.parametrize(
    ("unit", "listed"), [("day", '["2024-01-31", "2024-02-01"]'), ("month", '["2024-01-01", "2024-02-01"]')]
)
def test_partitions_are_found_and_replaced(make: Callable[..., Lab], native: str, unit: str, listed: str) -> None:
    moved = same(column("id", "integer"), column("at", native))
    delta, rows = (do.Staging(role=role, columns=moved) for role in ("delta", "rows"))
    affected = PartitionSet(column="at", unit=unit, type=BACKEND.parse_type(native), include_null=True)
    partitioning = Partitioning(column="at", unit=PartitionUnit(unit), max_partitions=3, nulls="own")
    find = do.FindPartitions(delta=delta, key=("id",), partitioning=partitioning, partitions=affected)
    proof = do.Reconcile(staging=rows, level="content", scope="partitions", key=("id",), partitions=affected)
    change: tuple[do.Action, ...] = (
        do.Fence(),
        do.DeletePartitions(partitions=affected),
        do.InsertStaged(staging=rows),
        proof,
    )
    lab = make(
        f"CREATE TABLE source (id int, at {native}); CREATE TABLE target (id int, at {native})", moved, find, *change
    )
    lab.source.run("SET TimeZone = 'Pacific/Kiritimati'", {})  # fourteen hours ahead: a day of the session is not a day
    lab.target.run("SET TimeZone = 'America/New_York'", {})
    lab.source.run(
        "SET TimeZone = 'UTC'; INSERT INTO source VALUES (1, '2024-02-01'), (2, '2024-01-31'), (3, '2025-01-01'), (4, NULL)",
        {},
    )
    lab.target.run(
        "SET TimeZone = 'UTC'; INSERT INTO target VALUES (1, '2024-01-31'), (8, '2024-02-01'), (9, '2023-01-01'), (5, NULL)",
        {},
    )
    lab.source.run("SET TimeZone = 'Pacific/Kiritimati'", {})
    lab.target.run("SET TimeZone = 'America/New_York'", {})
    opened(lab)
    changed = ParsedSql(text="id = 1", dialect="postgres", columns=("id",), type=BACKEND.parse_type("boolean"))
    stage(lab, do.Selection(table=SOURCE, columns=moved, where=changed), delta)
    lab.on_target(find)
    assert lab.values["partitions"] == listed
    lab.values["partitions"] = listed[:-1] + ", null]"
    whole = do.Selection(table=SOURCE, columns=moved, partitions=affected)
    stage(lab, whole, rows)
    lab.on_target(do.CheckPartitionValues(staging=rows, partitioning=partitioning, partitions=affected))
    lab.on_target(do.RecordStaged(staging=rows, level="content"))
    lab.in_transaction(*change)
    lab.target.run("SET TimeZone = 'UTC'", {})
    assert [r[0] for r in lab.target.run("SELECT id::text FROM target ORDER BY id", {}).rows] == ["1", "2", "4", "9"]
    lab.values["partitions"] = '["1999-01-01"]'
    refused(
        "DP506",
        lambda: lab.on_target(do.CheckPartitionValues(staging=rows, partitioning=partitioning, partitions=affected)),
    )
    few = replace(find, whole=True, partitioning=replace(partitioning, max_partitions=1))
    refused("DP505", lambda: lab.on_target(few))


@pytest.mark.parametrize("truncate", [True, False])
@pytest.mark.parametrize(("ratio", "kept"), [(0.5, False), (0.8, True)])
def test_a_target_may_not_shrink_by_more_than_its_limit(
    make: Callable[..., Lab], truncate: bool, ratio: float, kept: bool
) -> None:
    change: tuple[do.Action, ...] = (
        do.Fence(),
        do.DeleteAll(truncate=truncate),
        do.InsertStaged(staging=ROWS),
        do.Reconcile(staging=ROWS, level="counts", scope="all"),
    )
    lab = make(TABLES, KEYED, *change)
    write = replace(lab.context.load.write, limits=replace(lab.context.load.write.limits, max_delete_ratio=ratio))
    lab.context = replace(lab.context, load=replace(lab.context.load, write=write))
    lab.source.run("INSERT INTO source VALUES (1), (2)", {})
    lab.target.run("INSERT INTO target SELECT generate_series(1, 5)", {})
    opened(lab)
    stage(lab, do.Selection(table=SOURCE, columns=KEYED), ROWS)
    lab.on_target(do.RecordStaged(staging=ROWS, level="counts"))
    if kept:
        lab.in_transaction(*change)
    else:
        refused("DP507", lambda: lab.in_transaction(*change))
    assert lab.target.run("SELECT count(*)::text FROM target", {}).rows == (("2" if kept else "5",),)
