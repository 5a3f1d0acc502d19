"""Which parts a restart would bring back, as the wait before a commit asks for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from dpone_compiler.backends.clickhouse.profile import view
from dpone_compiler.backends.clickhouse.state_commands import state_commands
from dpone_compiler.plan import actions as do
from dpone_compiler.runtime.connections.session import Result
from dpone_compiler.runtime.waiting import await_none
from dpone_compiler.spi.backend import Lowered
from dpone_compiler.sql.clickhouse_names import literal, qualified
from tests.engines.clickhouse_bench import RUN, Bench, open_bench

TABLE = "t'`é"
MONTHS = "(k Int64, d Date) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY k"

Make = Callable[[str], Bench]


@pytest.fixture
def legacy(clickhouse_server_db: Callable[[], str]) -> Iterator[Make]:
    yield from _benches(clickhouse_server_db)


@pytest.fixture
def modern(chdb_db: Callable[[], str]) -> Iterator[Make]:
    yield from _benches(chdb_db)


def _benches(fresh: Callable[[], str]) -> Iterator[Make]:
    opened: list[Bench] = []

    def make(shape: str) -> Bench:
        opened.append(open_bench(fresh(), shape, table=TABLE))
        bench = opened[-1]
        bench.sql(f"CREATE TABLE {_name(bench, 's')} {shape}")
        for month in (1, 2):
            for k in range(3):
                bench.sql(f"INSERT INTO {_name(bench)} VALUES ({k}, '2026-0{month}-01')")
        bench.sql(f"INSERT INTO {_name(bench, 's')} VALUES (9, '2026-01-02')")
        return bench

    yield make
    for bench in opened:
        bench.session.close()


def _name(bench: Bench, table: str = TABLE) -> str:
    return f"{bench.database}.`{table.replace('`', chr(92) + '`')}`"


def _replace(bench: Bench) -> None:
    bench.sql(f"ALTER TABLE {_name(bench)} REPLACE PARTITION ID '202601' FROM {_name(bench, 's')}")


def _merge(bench: Bench) -> None:
    for month in ("202601", "202602"):
        bench.sql(f"OPTIMIZE TABLE {_name(bench)} PARTITION {month} FINAL")


def _lowered(bench: Bench) -> Lowered:
    lowered = bench.lower(do.AwaitCleared())
    assert isinstance(lowered, Lowered)
    return lowered


def _left(bench: Bench) -> tuple[tuple[str | None, ...], ...]:
    return bench.session.run(_lowered(bench).bodies["query"], {}).rows


def _urge(bench: Bench) -> None:
    bench.session.run(_lowered(bench).bodies["body"], {})


@pytest.mark.clickhouse_server
@pytest.mark.parametrize(
    "shape", [MONTHS, "(k Int64, d Date) ENGINE = MergeTree(d, k, 8192)"], ids=["custom", "by month alone"]
)
def test_what_was_replaced_is_told_and_removed(legacy: Make, shape: str) -> None:
    bench = legacy(shape)
    assert _left(bench) == ()
    _replace(bench)
    detail = "partition 202601: the server still keeps parts whose rows were replaced"
    ((code, told, count),) = _left(bench)
    assert (code, told) == ("DP436", detail)
    assert int(count or 0) > 0
    rows = f"SELECT * FROM {_name(bench)} ORDER BY k, d"
    before = bench.sql(rows)
    _urge(bench)
    assert _left(bench) == ()
    assert bench.sql(rows) == before


@pytest.mark.clickhouse_server
def test_a_part_that_another_covers_is_no_danger(legacy: Make) -> None:
    """What was merged stays on the disk for eight minutes; its rows are read once all the same."""
    bench = legacy(MONTHS)
    _merge(bench)
    hidden = f"SELECT count() > 0 FROM system.parts WHERE database = '{bench.database}' AND NOT active"
    assert bench.sql(hidden) == (("1",),)
    assert _left(bench) == ()


@pytest.mark.clickhouse_server
def test_what_a_dropped_part_was_merged_from_is_waited_for(legacy: Make) -> None:
    """DROP PARTITION removes the merged part at once and leaves those beneath it, which nothing covers any more."""
    bench = legacy(f"{MONTHS} SETTINGS index_granularity = 8192, old_parts_lifetime = 3")
    _merge(bench)
    bench.sql(f"ALTER TABLE {_name(bench)} DROP PARTITION ID '202602'")
    urged = time.monotonic()

    def ask() -> Result:
        return bench.session.run(_lowered(bench).bodies["query"], {})

    assert ask().rows
    assert await_none(ask, lambda: _urge(bench), 40).rows == ()
    assert time.monotonic() - urged > 1


@pytest.mark.chdb
def test_a_server_of_today_covers_what_it_replaced(modern: Make) -> None:
    bench = modern(MONTHS)
    _merge(bench)
    _replace(bench)
    assert bench.sql(
        f"SELECT count() > 0 FROM system.parts WHERE database = '{bench.database}' AND NOT active AND rows > 0"
    ) == (("1",),)
    assert _left(bench) == ()
    assert "body" not in _lowered(bench).bodies


@pytest.mark.chdb
@pytest.mark.parametrize(("proved", "why"), [("now() - 1000000", ("restarted",)), ("now() + 60", ())])
def test_an_abort_is_told_of_a_restart_by_a_server_of_today(modern: Make, proved: str, why: tuple[str, ...]) -> None:
    """Bundles for servers of unknown version ask it too."""
    assert _against_abort(modern(MONTHS), proved) == why


@pytest.mark.clickhouse_server
@pytest.mark.parametrize(("proved", "why"), [("now() - 1000000", ("restarted",)), ("now() + 60", ("kept",))])
def test_an_abort_is_told_of_a_restart_and_of_parts_that_are_left(
    legacy: Make, proved: str, why: tuple[str, ...]
) -> None:
    bench = legacy(MONTHS)
    _replace(bench)
    assert _against_abort(bench, proved) == why
    _urge(bench)
    assert _against_abort(bench, "now() + 60", run="another") == ()


def _against_abort(bench: Bench, proved: str, run: str = RUN) -> tuple[str, ...]:
    """What stands against giving up a run whose staging was proved at that time."""
    _lowered(bench)
    context = bench.context()
    seen = view(context)
    table = qualified(seen.state).text
    bench.sql(
        f"INSERT INTO {table} (load, seq, run_id, phase, updated_at) "
        f"SELECT {literal(context.load.name).text}, count() + 1, '{run}', 'staged', {proved} FROM {table}"
    )
    answer = bench.session.run(state_commands(context)["returned"], {"run_id": run})
    return tuple(str(row[0]) for row in answer.rows)
