"""The Postgres backend without a server: it is total, its bodies parse, its names hold, foreign type texts stay out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest
from sqlglot import parse

from dpone_compiler.backends.postgres import BACKEND, names
from dpone_compiler.backends.postgres.script import do_block
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import Interval, PartitionSet, Scope
from dpone_compiler.ir.load import ChangeFeed, Partitioning
from dpone_compiler.ir.loss import Loss, Question
from dpone_compiler.ir.new_target import NewTarget
from dpone_compiler.ir.schema import Column, TableRef, TableStructure
from dpone_compiler.ir.slices import Slices
from dpone_compiler.plan import actions as do
from dpone_compiler.plan import feed_actions as feed
from dpone_compiler.plan import lease_actions as elsewhere
from dpone_compiler.plan import slice_actions as sliced
from dpone_compiler.plan import snapshot_actions as snap
from dpone_compiler.plan import target_actions as making
from dpone_compiler.plan import tombstones as gone
from dpone_compiler.spi.backend import Lowered, Unsupported
from dpone_compiler.sql.postgres_native import NativeTypeError, read_native
from dpone_compiler.sql.render import Sql
from tests.engines.postgres_lab import a_context, a_load, a_plan, column, same

TABLE = TableRef("public", "t")
MOVED = same(column("id", "integer"), column("at", "timestamp with time zone"))
ROWS = do.Staging(role="rows", columns=MOVED)
WINDOW = Interval(column="at", type=MOVED[1].target.type, include_null=True)
DAYS = PartitionSet(column="at", unit="day", type=MOVED[1].target.type)
BY_DAY = Partitioning(column="at")
FIRST_TEN = Scope(column="id", type=MOVED[0].target.type, kind="range", low="1", high="10", inclusive=True)
TENS = Slices(column="id", type=MOVED[0].target.type, kind="integer", first="0", last="25", step=10)
LOSSES = (Loss(test=Question.OUTSIDE, says="numbers outside of 0 to 9", low="0", high="9"),)
READ = do.Selection(table=TABLE, columns=MOVED, interval=WINDOW, partitions=DAYS)
KEY = ("id",)
FEED = ChangeFeed(slot="s", publication="p")
GONE = Column(name="gone", type=DataType(kind=Kind.TIMESTAMP, tz=True), native="timestamp with time zone")
HISTORY = snap.Versions(key=KEY, since="", valid_from=GONE, valid_to=GONE, current=GONE, row_hash=None, expire=True)
EVERY: tuple[do.Action, ...] = (
    do.CheckTable(side="source", table=TABLE),
    do.CheckTable(side="target", table=TABLE),
    do.ReadState(),
    do.AcquireLease(),
    do.FreezeWindow(interval=WINDOW, lag=None, lookback=0, assigned_by_database=True),
    do.OpenAttempt(),
    do.DropOldStaging(),
    do.CreateStaging(staging=ROWS),
    do.FingerprintSource(selection=READ, level="content", role="rows"),
    do.CheckValues(selection=replace(READ, columns=(replace(MOVED[0], losses=LOSSES),))),
    do.Transfer(selection=READ, staging=ROWS, wire="text"),
    do.CheckPartitionList(partitioning=BY_DAY, partitions=DAYS),
    do.FindPartitions(delta=ROWS, key=KEY, partitioning=BY_DAY, partitions=DAYS),
    do.CleanStaging(staging=ROWS, key=KEY, skip_null_keys=True, keep_latest_by="at"),
    do.CheckStagedRows(staging=ROWS, level="content"),
    do.CheckNotEmpty(staging=ROWS),
    do.CheckNullKeys(staging=ROWS, key=KEY),
    do.CheckDuplicateKeys(staging=ROWS, key=KEY),
    do.CheckPartitionValues(staging=ROWS, partitioning=BY_DAY, partitions=DAYS),
    do.RecordStaged(staging=ROWS, level="content"),
    do.Fence(),
    do.DeleteAll(truncate=True),
    do.DeleteMatching(staging=ROWS, key=KEY),
    do.DeletePartitions(partitions=DAYS),
    do.UpdateMatching(staging=ROWS, key=KEY),
    do.InsertStaged(staging=ROWS, missing_key=KEY),
    do.CheckWindowOwned(staging=ROWS, interval=WINDOW),
    do.ExchangeTables(staging=ROWS),
    do.MovePartitions(staging=ROWS),
    do.BuildRewrite(staging=ROWS, rewrite=ROWS, key=KEY),
    do.RecordRewrite(rewrite=ROWS),
    do.AwaitCleared(),
    do.ReplacePartitions(staging=ROWS),
    do.DropPartitions(staging=ROWS, affected=DAYS),
    do.BuildPartitions(staging=ROWS, partitions=DAYS, level="content"),
    do.SwapPartitions(staging=ROWS, partitions=DAYS),
    do.DropRetired(),
    do.BuildShadow(staging=ROWS, shadow=ROWS, key=KEY),
    do.CheckScope(staging=ROWS, scope=FIRST_TEN),
    do.DeleteScope(scope=FIRST_TEN),
    do.CheckLosses(staging=ROWS),
    do.Reconcile(staging=ROWS, level="full", scope="window", key=KEY, interval=WINDOW),
    do.CommitState(interval=WINDOW),
    do.DropStaging(staging=ROWS),
    do.ReleaseLease(),
    feed.CreateSlot(feed=FEED, table=TABLE, key=KEY),
    feed.ExportSnapshot(feed=FEED),
    feed.ReadChanges(feed=FEED, table=TABLE, interval=WINDOW, key=KEY),
    feed.CheckChanges(changes=ROWS, key=KEY, feed=FEED),
    feed.CollapseChanges(changes=ROWS, rows=ROWS, left=ROWS, key=KEY, feed=FEED, into="rows"),
    feed.CollapseChanges(changes=ROWS, rows=ROWS, left=ROWS, key=KEY, feed=FEED, into="left"),
    gone.CheckTombstones(staging=ROWS, left=ROWS, key=KEY),
    gone.MarkDeleted(staging=ROWS, key=KEY, mark=GONE),
    gone.ProveDeleted(staging=ROWS, left=ROWS, key=KEY, mark=GONE),
    feed.AdvanceSlot(feed=FEED, interval=WINDOW),
    sliced.NextSlice(slices=TENS, backfill="replace by it's"),
    sliced.CheckSliceFilled(staging=ROWS, scope=TENS.scope),
    sliced.RecordSlice(backfill="replace by it's"),
    do.DeleteScope(scope=TENS.scope),
    making.CheckNotLost(table=TABLE),
    making.CreateTarget(
        table=TABLE,
        target=NewTarget(structure=TableStructure(columns=tuple(m.target for m in MOVED), primary_key=KEY)),
    ),
    making.AddColumns(table=TABLE, columns=tuple(m.target for m in MOVED)),
    elsewhere.TakeLease(),
    elsewhere.RenewLease(),
    snap.FreezeInstant(),
    snap.CheckDeletes(staging=ROWS, key=KEY, mark=GONE, ratio=0.5, rows=10),
    snap.DeleteMissing(staging=ROWS, key=KEY),
    snap.MarkMissing(staging=ROWS, key=KEY, mark=GONE),
    snap.FindMissing(staging=ROWS, missing=ROWS, key=KEY, mark=GONE),
    snap.BuildDiff(staging=ROWS, diff=ROWS, key=KEY),
    snap.ProveMissing(staging=ROWS, key=KEY, mark=GONE),
    snap.BuildVersions(staging=ROWS, versions=ROWS, history=HISTORY),
    snap.DeleteStale(versions=ROWS, history=HISTORY),
    snap.ProveVersions(staging=ROWS, versions=ROWS, history=HISTORY),
)
STREAMED = get_args(feed.FeedAction)
CONTEXT = a_context(a_load(MOVED, TABLE, TABLE), *(action for action in EVERY if not isinstance(action, STREAMED)))


def lowered(action: do.Action) -> tuple[Lowered | Unsupported, ...]:
    (step,) = a_plan(action).steps
    return tuple(lower(CONTEXT, step) for lower in (BACKEND.lower_source, BACKEND.lower_sink, BACKEND.lower_lease))


def test_the_list_is_the_whole_union() -> None:
    assert {type(action) for action in EVERY} == set(get_args(do.Action))


@pytest.mark.parametrize("action", EVERY, ids=lambda action: type(action).__name__)
def test_every_action_is_done_or_refused_with_a_reason(action: do.Action) -> None:
    for side in lowered(action):
        if isinstance(side, Unsupported):
            assert len(side.why.split()) > 4
        else:
            assert side.bodies


@pytest.mark.parametrize("action", EVERY, ids=lambda action: type(action).__name__)
def test_bodies_read_the_parameters_that_they_name(action: do.Action) -> None:
    for side in lowered(action):
        if isinstance(side, Lowered):
            text = "".join(body for role, body in side.bodies.items() if role in ("main", "extract", "load"))
            read = set(re.findall(r"current_setting\('dponec\.(\w+)'\)", text, re.IGNORECASE))
            kept_inside = set(re.findall(r"set_config\('dponec\.(\w+)'", text, re.IGNORECASE))
            assert read - kept_inside <= set(side.params)
            assert set(side.params) <= read | {"lease_backend", "lease_seconds"}  # read where they are there


@pytest.mark.parametrize("action", EVERY, ids=lambda action: type(action).__name__)
def test_what_sqlglot_knows_parses(action: do.Action) -> None:
    for side in lowered(action):
        if isinstance(side, Lowered):
            sql = {} if side.op == "snapshot" else side.bodies  # a command of the replication protocol is no SQL
            for role, body in sql.items():
                if role == "spec":
                    continue
                inside = re.sub(r"COPY \((.*)\) TO STDOUT.*", r"\1", body, flags=re.DOTALL)
                if not inside.startswith(("DO ", "COPY ")):
                    assert all(parse(inside, dialect="postgres"))


def test_a_body_cannot_end_its_own_dollar_quotes() -> None:
    block = do_block(Sql("  PERFORM '$dponec$', '$dponec1$';")).text
    assert block.startswith("DO $dponec2$") and block.endswith("$dponec2$;")


@pytest.mark.parametrize("name", ["t" * 63, "ü" * 31, "a\nb"])
def test_staging_names_keep_their_suffix_in_63_bytes(name: str) -> None:
    context = a_context(a_load(MOVED, TABLE, TableRef("s", name)))
    made = names.staging(context, "rewrite").name
    assert len(made.encode()) <= 63 and re.search(r"__dponec_[0-9a-f]{8}_rewrite\Z", made)
    assert made != names.staging(a_context(a_load(MOVED, TABLE, TableRef("s", name), name="other")), "rewrite").name


@pytest.mark.parametrize(
    "text", ["int); DROP TABLE t; --", "a b; c", "", "numeric(1,2", "x'y", 'a"b', "int[];", "text COLLATE x.y.z"]
)
def test_foreign_type_text_never_becomes_sql(text: str) -> None:
    with pytest.raises(NativeTypeError):
        read_native(text)
    bad = same(Column(name="id", type=DataType(kind=Kind.OTHER), native=text))
    context = a_context(a_load(bad, TABLE, TABLE))
    (step,) = a_plan(do.CreateStaging(staging=do.Staging(role="rows", columns=bad))).steps
    assert isinstance(BACKEND.lower_sink(context, step), Unsupported)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("varchar(10)", "character varying(10)"),
        ("timestamptz(3)", "timestamp(3) with time zone"),
        ("INT8[]", "bigint[]"),
        ("decimal(5)", "numeric(5,0)"),
        ('public."My ""T"', 'public."My ""T"'),
        ("double  precision", "double precision"),
    ],
)
def test_types_are_spelled_as_the_catalog_does(written: str, canonical: str) -> None:
    assert read_native(written).text == canonical
    assert BACKEND.parse_type(written) == BACKEND.parse_type(canonical)


def test_setup_names_roles_by_psql_variables() -> None:
    bodies = {file.name: file.body for file in BACKEND.setup(CONTEXT)}
    assert 'GRANT pg_read_all_stats TO :"reader"' in bodies["postgres_source.sql"]
    assert "CREATE TABLE IF NOT EXISTS" in bodies["postgres_state.sql"] and ", TRUNCATE ON" in "".join(bodies.values())
