"""Every ClickHouse lowering, on chDB 26 (modern) and on Debian's server 18.16 (legacy) where its profile allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dpone_compiler.ir.interval import Interval, PartitionSet
from dpone_compiler.ir.load import Partitioning, PartitionUnit
from dpone_compiler.plan import actions as do
from dpone_compiler.runtime.connections.session import EngineError
from dpone_compiler.sql.clickhouse_types import parse_type
from tests.engines.clickhouse_bench import LEFT, REWRITE, ROWS, RUN, Bench, Violation, open_bench
from tests.tiers import CLICKHOUSE_PROFILES

Make = Callable[..., Bench]
MONTHLY = Partitioning(column="d", unit=PartitionUnit.MONTH)
MONTHS = PartitionSet(column="d", unit="month", type=parse_type("Date"))
PLAIN = "(k Int64, d Date, s String) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY k"
NULLABLE = (
    "(k Nullable(Int64), g String, d Date, s String) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY tuple()"
)


@pytest.fixture(params=CLICKHOUSE_PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(profile: str, request: pytest.FixtureRequest) -> Iterator[Make]:
    fresh = request.getfixturevalue("chdb_db" if profile == "modern" else "clickhouse_server_db")
    opened = []

    def bench(shape: str = PLAIN, **given: object) -> Bench:
        made = open_bench(fresh(), shape, **given)
        opened.append(made.session)
        return made

    yield bench
    for session in opened:
        session.close()


def stage(bench: Bench, tsv: str, *plan: do.Action, level: str = "content", staging: do.Staging = ROWS) -> None:
    bench.plan = (*plan, do.RecordStaged(staging=staging, level=level))
    bench.do(do.AcquireLease())
    bench.do(do.OpenAttempt())
    bench.do(do.DropStaging(staging=staging))
    bench.do(do.CreateStaging(staging=staging))
    bench.do(do.Transfer(selection=SELECTION, staging=staging, wire="tsv"), tsv=tsv)
    bench.do(do.RecordStaged(staging=staging, level=level))


SELECTION = do.Selection(table=None, columns=())  # type: ignore[arg-type]
JAN, FEB = "1\t2026-01-01\ta\n2\t2026-01-02\tb\n", "3\t2026-02-01\tc\n"


def test_state_goes_from_idle_to_done(make: Make) -> None:
    bench = make()
    first = bench.do(do.ReadState())
    assert (first["phase"], first["fence"], first["target_empty"], first["watermark"]) == ("idle", "0", "1", "")
    bench.params |= {"window_low": "-infinity", "window_high": "2026-02-01", "fingerprint": "it's \\ \n\tz"}
    stage(bench, JAN)
    staged = bench.do(do.ReadState())
    assert (staged["phase"], staged["rows_staged"], staged["attempt_run_id"]) == ("staged", "2", RUN)
    assert bench.guard(do.RecordStaged(staging=ROWS, level="content")) == "1"
    commit = do.CommitState(interval=Interval(column="d", type=parse_type("Date")))
    assert bench.guard(commit) == "0"
    bench.do(commit)
    assert bench.guard(commit) == "1"
    bench.do(commit)
    bench.do(do.ReleaseLease())
    last = bench.do(do.ReadState())
    assert (last["phase"], last["watermark"]) == ("done", "2026-02-01")
    assert last["attempt_fingerprint"] == "it's \\ \n\tz"


def test_a_continued_run_keeps_its_phase_and_a_zombie_cannot_commit(make: Make) -> None:
    bench = make()
    stage(bench, JAN)
    bench.do(do.AcquireLease())
    assert bench.params["fence"] == "2"
    bench.do(do.OpenAttempt())
    assert bench.do(do.ReadState())["phase"] == "staged"
    bench.params["fence"] = "1"
    with pytest.raises(EngineError):
        bench.do(do.CommitState(interval=None))
    bench.params |= {"fence": "2", "run_id": "other"}
    with pytest.raises(EngineError):
        bench.do(do.CommitState(interval=None))


def test_old_staging_of_this_load_is_dropped_and_nothing_else(make: Make) -> None:
    bench = make()
    stage(bench, JAN)
    mine = bench.params["staging_rows"]
    bench.sql(f"CREATE TABLE {bench.database}.{mine[:-1]}9 AS {bench.database}.t")
    bench.sql(f"CREATE TABLE {bench.database}.t__dponec_other AS {bench.database}.t")
    bench.do(do.DropOldStaging())
    names = bench.sql(f"SELECT name FROM system.tables WHERE database = '{bench.database}' ORDER BY name")
    assert {row[0] for row in names} == {"dponec_state", "t", mine, "t__dponec_other"}


def test_checks_of_staging_fire(make: Make) -> None:
    bench = make(NULLABLE, key=("k", "g"))
    stage(bench, "\\N\tg\t2026-01-01\ta\n1\tg\t2026-01-01\ta\n1\tg\t2026-01-01\tb\n")
    for action, code in (
        (do.CheckNullKeys(staging=ROWS, key=("k", "g")), "DP503"),
        (do.CheckDuplicateKeys(staging=ROWS, key=("k", "g")), "DP504"),
        (do.CheckStagedRows(staging=ROWS, level="counts"), "DP501"),
    ):
        bench.params["source_rows"] = "2"
        with pytest.raises(Violation, match=code):
            bench.do(action)
    bench.params["source_rows"] = "3"
    bench.do(do.CheckStagedRows(staging=ROWS, level="counts"))
    digest = bench.do(do.ReadState())["digest"].split(":")
    bench.params |= {"source_a": digest[1], "source_b": digest[2]}
    bench.do(do.CheckStagedRows(staging=ROWS, level="content"))
    bench.params["source_b"] = "7"
    with pytest.raises(Violation, match="DP501"):
        bench.do(do.CheckStagedRows(staging=ROWS, level="content"))
    bench.do(do.CheckNotEmpty(staging=ROWS))
    stage(bench, "")
    with pytest.raises(Violation, match="DP502"):
        bench.do(do.CheckNotEmpty(staging=ROWS))


def test_drift_of_the_target_is_a_violation(make: Make) -> None:
    bench = make()
    bench.do(do.CheckTable(side="target", table=None))  # type: ignore[arg-type]
    lowered = bench.lower(do.CheckTable(side="target", table=None))  # type: ignore[arg-type]
    bench.sql(f"ALTER TABLE {bench.database}.t MODIFY COLUMN s Nullable(String)")
    rows = bench.sql(lowered.bodies["main"])  # type: ignore[union-attr]
    assert [row[0] for row in rows] == ["DP420"]
    bench.sql(f"DROP TABLE {bench.database}.t")
    bench.sql(f"CREATE TABLE {bench.database}.t (k Int64, d Date, s String) ENGINE = MergeTree ORDER BY k")
    assert len(bench.sql(lowered.bodies["main"])) == 1  # type: ignore[union-attr]


def test_full_refresh_by_exchange(make: Make, profile: str) -> None:
    bench = make()
    if profile == "legacy":
        assert "EXCHANGE" in bench.refused(do.ExchangeTables(staging=ROWS))
        return
    if "Atomic" not in bench.context().facts.target_table.structure.database_engine:  # type: ignore[union-attr]
        pytest.fail("chDB's databases are Atomic")
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (9, '2020-01-01', 'old')")
    swap = do.ExchangeTables(staging=ROWS)
    stage(bench, JAN + FEB, swap)
    record, proof = (
        do.RecordStaged(staging=ROWS, level="content"),
        do.Reconcile(staging=ROWS, level="content", scope="all"),
    )
    with pytest.raises(Violation, match="DP510"):
        bench.do(proof)
    assert (bench.guard(swap), bench.guard(record)) == ("0", "1")
    bench.do(swap)
    assert (bench.guard(swap), bench.guard(record)) == ("1", "1")
    bench.do(proof)
    assert [row[0] for row in bench.rows("k")] == ["1", "2", "3"]
    bench.do(do.DropStaging(staging=ROWS))
    bench.do(do.DropStaging(staging=ROWS))
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (9, '2020-01-01', 'x')")
    with pytest.raises(Violation, match="DP510"):
        bench.do(proof)


def test_full_refresh_by_partitions_half_applied_and_repeated(make: Make) -> None:
    bench = make()
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (8, '2020-01-01', 'old')")
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (9, '2026-01-01', 'old')")
    replace, drop = do.ReplacePartitions(staging=ROWS), do.DropPartitions(staging=ROWS, affected=None)
    stage(bench, JAN + FEB, replace, drop)
    bench.do(replace, items=slice(1))
    assert [row[0] for row in bench.rows("k")] == ["1", "2", "8"]
    bench.do(replace)
    bench.do(replace)
    bench.do(drop)
    bench.do(drop)
    assert [row[0] for row in bench.rows("k")] == ["1", "2", "3"]
    bench.do(do.Reconcile(staging=ROWS, level="content", scope="all"))


def test_partitions_are_not_dropped_when_staging_is_gone_or_short(make: Make) -> None:
    bench = make()
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (8, '2020-01-01', 'old')")
    drop = do.DropPartitions(staging=ROWS, affected=None)
    stage(bench, JAN, drop)
    bench.do(do.DropStaging(staging=ROWS))
    with pytest.raises(EngineError):
        bench.do(drop)
    bench.do(do.CreateStaging(staging=ROWS))
    with pytest.raises(EngineError):
        bench.do(drop)
    assert len(bench.rows()) == 1


def test_unpartitioned_full_refresh_by_one_replace(make: Make) -> None:
    bench = make("(k Int64, s String) ENGINE = MergeTree ORDER BY k")
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (8, 'old')")
    stage(bench, "1\ta\n", do.ReplacePartitions(staging=ROWS))
    bench.do(do.ReplacePartitions(staging=ROWS))
    assert bench.rows() == [("1", "a")]


def test_append_moves_partitions_once(make: Make, profile: str) -> None:
    bench = make()
    move = do.MovePartitions(staging=ROWS)
    if profile == "legacy":
        assert "MOVE PARTITION" in bench.refused(move)
        return
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (8, '2026-01-01', 'old')")
    bench.params |= {"window_low": "2026-01-01", "window_high": "2026-03-01"}
    stage(bench, JAN + FEB, move)
    bench.do(move, items=slice(1))
    # A resumed run must not stage again: what was moved would come twice.
    assert bench.guard(do.RecordStaged(staging=ROWS, level="content")) == "1"
    bench.do(move)
    bench.do(move)
    assert [row[0] for row in bench.rows("k")] == ["1", "2", "3", "8"]
    window = Interval(column="d", type=parse_type("Date"))
    proof = do.Reconcile(staging=ROWS, level="content", scope="window", interval=window)
    with pytest.raises(Violation, match="DP510"):
        bench.do(proof)
    bench.sql(f"ALTER TABLE {bench.database}.t DELETE WHERE k = 8 SETTINGS mutations_sync = 2")
    bench.do(proof)


def test_partition_replace(make: Make) -> None:
    bench = make(partition=MONTHLY)
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (8, '2026-01-09', 'old')")
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (9, '2026-03-01', 'gone')")
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (7, '2026-04-01', 'kept')")
    bench.params["partitions"] = '["2026-01-01", "2026-03-01"]'
    replace, drop = do.ReplacePartitions(staging=ROWS), do.DropPartitions(staging=ROWS, affected=MONTHS)
    stage(bench, JAN, replace, drop)
    check = do.CheckPartitionValues(staging=ROWS, partitioning=MONTHLY, partitions=MONTHS)
    bench.do(check)
    bench.do(replace)
    bench.do(drop)
    assert [row[0] for row in bench.rows("k")] == ["1", "2", "7"]
    proof = do.Reconcile(staging=ROWS, level="content", scope="partitions", partitions=MONTHS)
    bench.do(proof)
    bench.params["partitions"] = '["2026-01-01", "2026-04-01"]'
    with pytest.raises(Violation, match="DP510"):
        bench.do(proof)
    bench.params["partitions"] = '["2026-03-01"]'
    with pytest.raises(Violation, match="DP506"):
        bench.do(check)
    few = Partitioning(column="d", unit=PartitionUnit.MONTH, max_partitions=0)
    with pytest.raises(Violation, match="DP505"):
        bench.do(do.CheckPartitionValues(staging=ROWS, partitioning=few, partitions=None))


def test_a_day_is_not_a_partition_of_a_monthly_table(make: Make) -> None:
    daily = Partitioning(column="d", unit=PartitionUnit.DAY)
    bench = make(partition=daily)
    for action in (
        do.ReplacePartitions(staging=ROWS),
        do.CheckPartitionValues(staging=ROWS, partitioning=daily, partitions=MONTHS),
        do.FindPartitions(delta=ROWS, key=("k",), partitioning=daily, partitions=MONTHS),
    ):
        assert "whole partitions" in bench.refused(action)


def test_affected_partitions_are_those_of_the_delta_and_of_its_keys(make: Make) -> None:
    bench = make(partition=MONTHLY)
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (1, '2025-12-09', 'moves')")
    stage(bench, JAN)
    find = do.FindPartitions(delta=ROWS, key=("k",), partitioning=MONTHLY, partitions=MONTHS)
    assert bench.do(find)["partitions"] == '["2025-12-01","2026-01-01"]'
    few = Partitioning(column="d", unit=PartitionUnit.MONTH, max_partitions=1)
    with pytest.raises(EngineError, match="DP505"):
        bench.do(do.FindPartitions(delta=ROWS, key=("k",), partitioning=few, partitions=MONTHS))
    stage(bench, "")
    assert bench.do(find)["partitions"] == "[]", "a window without changes has nothing to do"
    bench.sql(f"TRUNCATE TABLE {bench.database}.t")
    with pytest.raises(EngineError, match="DP502"):
        bench.do(do.FindPartitions(delta=ROWS, key=(), partitioning=MONTHLY, partitions=MONTHS, whole=True))


def _rewrite_plan(left: do.Staging | None = None) -> tuple[do.Action, ...]:
    return (
        do.DropStaging(staging=REWRITE),
        do.CreateStaging(staging=REWRITE),
        do.BuildRewrite(staging=ROWS, rewrite=REWRITE, key=("k", "g"), left=left),
        do.ReplacePartitions(staging=REWRITE),
        do.DropPartitions(staging=REWRITE, affected=None, by_key=("k", "g")),
    )


@pytest.mark.parametrize("stop", [0, 1, 2])
def test_merge_by_rewrite_keeps_null_keys_and_moves_rows(make: Make, stop: int) -> None:
    bench = make(NULLABLE, key=("k", "g"))
    for values in (
        "(1,'a','2025-12-01','moves alone')",
        "(NULL,'a','2026-01-01','null')",
        "(3,'','2026-01-05','empty')",
    ):
        bench.sql(f"INSERT INTO {bench.database}.t VALUES {values}")
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (2,'a','2026-01-01','old'), (1,'b','2026-05-01','far')")
    plan = _rewrite_plan()
    stage(bench, "1\ta\t2026-01-03\tnew\n2\ta\t2026-02-01\tnew\n", *plan)
    for action in plan[:3]:
        bench.do(action)
    bench.do(plan[3], items=slice(stop))
    for action in plan:
        bench.do(action)
    want = {(None, "null"), ("3", "empty"), ("1", "far"), ("1", "new"), ("2", "new")}
    assert set(bench.rows("k, s")) == want
    assert len(bench.rows()) == len(want)
    proof = do.Reconcile(staging=ROWS, level="content", scope="keys", key=("k", "g"))
    bench.do(proof)
    bench.sql(f"ALTER TABLE {bench.database}.t DROP PARTITION 202602")
    with pytest.raises(Violation, match="DP510"):
        bench.do(proof)


def test_merge_by_rewrite_deletes_rows_that_left(make: Make) -> None:
    bench = make(NULLABLE, key=("k", "g"))
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (5,'a','2025-12-01','leaves'), (6,'a','2026-01-01','stays')")
    plan = _rewrite_plan(LEFT)
    stage(bench, "1\ta\t2026-01-03\tnew\n", *plan, do.CreateStaging(staging=LEFT))
    bench.do(do.DropStaging(staging=LEFT))
    bench.do(do.CreateStaging(staging=LEFT))
    bench.do(do.Transfer(selection=SELECTION, staging=LEFT, wire="tsv"), tsv="5\ta\t2025-12-01\t\n")
    for action in plan:
        bench.do(action)
    assert set(bench.rows("s")) == {("stays",), ("new",)}


def test_merge_by_lightweight_delete(make: Make, profile: str) -> None:
    bench = make(NULLABLE, key=("k", "g"))
    delete, insert = do.DeleteMatching(staging=ROWS, key=("k", "g")), do.InsertStaged(staging=ROWS)
    if profile == "legacy":
        assert "DELETE FROM" in bench.refused(delete)
        return
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (NULL,'a','2026-01-01','null'), (2,'a','2025-01-01','old')")
    stage(bench, "2\ta\t2026-02-01\tnew\n", delete, insert)
    for action in (delete, delete, insert, delete, insert):
        bench.do(action)
    assert set(bench.rows("s")) == {("null",), ("new",)}
    bench.do(do.Reconcile(staging=ROWS, level="content", scope="keys", key=("k", "g")))


def test_replacing_merge_tree_is_repeatable_under_final(make: Make) -> None:
    bench = make("(k Int64, v UInt64, s String) ENGINE = ReplacingMergeTree(v) ORDER BY k")
    assert bench.context().facts.target_table.structure.version_column == "v"  # type: ignore[union-attr]
    bench.sql(f"INSERT INTO {bench.database}.t VALUES (1, 1, 'old'), (2, 1, 'kept')")
    insert = do.InsertStaged(staging=ROWS)
    stage(bench, "1\t2\tnew\n", insert)
    bench.do(insert)
    bench.do(insert)
    bench.do(do.Reconcile(staging=ROWS, level="content", scope="keys", key=("k",)))
    rows = bench.sql(f"SELECT s FROM {bench.database}.t FINAL ORDER BY k")
    assert rows == (("new",), ("kept",))


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (PLAIN, "double rows"),
        ("(k Int64, s String) ENGINE = ReplacingMergeTree ORDER BY k", "no version column"),
        ("(k Int64, v Int64) ENGINE = ReplacingMergeTree(v) ORDER BY (k, v)", "sorting key"),
        ("(k Int64, d Date, v Int64) ENGINE = ReplacingMergeTree(v) PARTITION BY d ORDER BY k", "inside one partition"),
    ],
)
def test_an_insert_that_cannot_be_repeated_is_refused(make: Make, shape: str, why: str) -> None:
    assert why in make(shape).refused(do.InsertStaged(staging=ROWS))


def test_awkward_names(make: Make) -> None:
    shape = "(`k\\n\\`\"\\'é` Int64, `d;--` Date, s String) ENGINE = MergeTree PARTITION BY toYYYYMM(`d;--`) ORDER BY tuple()"
    bench = make(shape, table="t\n`;'é", key=("k\n`\"'é",))
    plan = (
        do.DropStaging(staging=REWRITE),
        do.CreateStaging(staging=REWRITE),
        do.BuildRewrite(staging=ROWS, rewrite=REWRITE, key=bench.key),
        do.ReplacePartitions(staging=REWRITE),
    )
    stage(bench, "1\t2026-01-01\tit's \\\\ \\n\n", *plan)
    for action in plan:
        bench.do(action)
    bench.do(do.Reconcile(staging=ROWS, level="content", scope="keys", key=bench.key))
    for action in plan:
        lowered = bench.lower(action)
        for body in lowered.bodies.values():  # type: ignore[union-attr]
            assert "t\n`" not in body
    assert bench.sql(f"SELECT s FROM {bench.database}.`t\\n\\`;\\'é`") == (("it's \\ \n",),)
