"""Measures the alternatives of a workload: each has a target and a state of its own, all load the same changes of one source."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.postgres import start_postgres
from tests.bench.cost_targets import clickhouse_target, postgres_target
from tests.bench.measure import BenchError
from tests.bench.workloads import ALTERNATIVES, HELD_OUT, OTHERS, Workload
from tests.engine_fixtures import run_clickhouse
from tests.engines.loads.world import CURSOR, SINKS, World

_SETTINGS = {"max_wal_size": "4GB", "shared_buffers": "512MB", "checkpoint_timeout": "30min"}
_FILL = """INSERT INTO src SELECT g, g % 1000, repeat('n', {width}),
  date '2020-01-01' + (g::bigint * {partitions} / ({rows} + 1))::int * interval '1 month', timestamptz '2020-01-01Z'
FROM generate_series(1, {rows}) g"""
# The same rows as captured changes, for cdc_apply.
_COPY = "INSERT INTO src_changes (op, id, amount, note, day, at) SELECT '{operation}', * FROM src WHERE {which}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: the alternative, seconds of the whole run, and the steps of its receipt."""

    workload: str
    strategy: str
    policy: str
    seconds: float
    steps: list[dict[str, Any]]


class CostLab:
    """The engines; Postgres without fsync, so that the disk of a shared machine says little."""

    def __init__(self, scratch: Path, stack: ExitStack) -> None:
        self._scratch = scratch
        self._source = stack.enter_context(start_postgres(settings=_SETTINGS, fsync=False))
        postgres = stack.enter_context(start_postgres(settings=_SETTINGS, fsync=False))
        clickhouse = stack.enter_context(start_chdb())
        # Tables of the database that is there from the start cannot be exchanged.
        run_clickhouse(clickhouse.url, "CREATE DATABASE bench")
        self._sinks = {"postgres": postgres.url, "clickhouse": clickhouse.url_for("bench")}

    def measure(self, workload: Workload, rounds: int, until: float) -> Iterator[Measured]:
        """Rounds of changes; every way loads each, in turns forwards and backwards. The first load is not told.

        `until`: of `time.monotonic()`; a round after the first is begun where it will probably end before.
        """
        self._fill(workload)
        ways = (*ALTERNATIVES[workload.sink], *(() if workload.name in HELD_OUT else OTHERS[workload.sink]))
        worlds = {each: self._world(workload, *each) for each in ways}
        for world in worlds.values():
            _done(world)
        took = 0.0
        for number in range(rounds):
            began = time.monotonic()
            if number and began + took > until:
                break
            self._change(workload)
            order = list(worlds) if number % 2 == 0 else list(worlds)[::-1]
            for strategy, policy in order:
                seconds, steps = _done(worlds[(strategy, policy)])
                yield Measured(workload.name, strategy, policy, seconds, steps)
            took = time.monotonic() - began

    def _fill(self, workload: Workload) -> None:
        with psycopg.connect(self._source.url, autocommit=True) as session:
            session.execute("DROP TABLE IF EXISTS src, src_changes")
            session.execute(
                "CREATE TABLE src (id bigint PRIMARY KEY, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, "
                "at timestamptz NOT NULL)"
            )
            session.execute(
                _FILL.format(width=workload.width, partitions=workload.partitions, rows=workload.rows).encode()
            )
            session.execute("CREATE INDEX ON src (at); CREATE INDEX ON src (day)")
            session.execute(
                "CREATE TABLE src_changes (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, op text NOT NULL, LIKE src)"
            )
            if workload.name not in HELD_OUT:
                session.execute(_COPY.format(operation="I", which="true").encode())
            session.execute("VACUUM ANALYZE src, src_changes")

    def _change(self, workload: Workload) -> None:
        count, rows = int(workload.rows * workload.changed), workload.rows
        which = f"id % {rows // count} = 0" if workload.spread else f"id > {rows - count}"
        with psycopg.connect(self._source.url, autocommit=True) as session:
            session.execute(f"UPDATE src SET amount = amount + 1, at = clock_timestamp() WHERE {which}".encode())
            if workload.name not in HELD_OUT:
                session.execute(_COPY.format(operation="U", which=which).encode())
            session.execute("VACUUM ANALYZE src, src_changes")

    def _world(self, workload: Workload, strategy: str, policy: str) -> World:
        name = f"{workload.name}_{strategy}_{policy or 'default'}"
        folder = self._scratch / name
        folder.mkdir()
        sink = self._sinks[workload.sink]
        captured = strategy == "cdc_apply"
        world = World(
            SINKS["pg18" if workload.sink == "postgres" else "chdb"],
            self._source.url,
            sink,
            folder,
            ("public", "src_changes" if captured else "src"),
        )
        schema = "public" if workload.sink == "postgres" else "bench"
        world.table = (schema, name)
        if workload.sink == "postgres":
            for statement in postgres_target(name, (strategy, policy)):
                world.target(statement)
        else:
            run_clickhouse(world.target_url, clickhouse_target(f"{schema}.{name}", (strategy, policy)))
        given: dict[str, Any] = {}
        if policy in ("truncate_insert", "shadow_swap"):
            given["readers"] = "tolerant"
        if policy not in ("", "truncate_insert"):  # TRUNCATE is chosen by what readers stand, and by no word
            given["merge_policy"] = policy
        if (strategy, policy) not in OTHERS[workload.sink] and policy != "replacing_merge_tree":
            given["partition"] = {"column": "day", "by": "month", "max_partitions": 1000}
        options: dict[str, Any] = {"estimated_rows": workload.rows, "changed_percent": workload.changed}
        cursor: dict[str, Any] = CURSOR
        if captured:
            cursor, given["cdc"] = {"column": "seq", "lag": 0}, {"operation_column": "op"}
            options["cdc"] = {"mode": "change_table"}
        world.load(strategy, name=name, key=["id"], source={"cursor": cursor, "options": options}, **given)
        return world


def _done(world: World) -> tuple[float, list[dict[str, Any]]]:
    outcome = world.outcome()
    if outcome.exit_code:
        raise BenchError(f"{world.bundle.name}: {outcome}")
    receipt = json.loads(Path(outcome.receipt).read_text(encoding="utf-8"))
    return outcome.seconds, list(receipt["steps"])
