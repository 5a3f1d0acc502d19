"""The two targets, as the reference sees them: make the table, read rows and state, list staging. No code of the runtime."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any, Protocol

import psycopg

from tests.engine_fixtures import run_clickhouse
from tests.faults.model import Cells

_PG_TABLE = """(id bigint PRIMARY KEY, status text NOT NULL, day date NOT NULL, note text, amount numeric(18,2) NOT NULL,
  updated_at timestamptz NOT NULL)"""
SOURCE_SQL = f"CREATE TABLE public.orders {_PG_TABLE}; CREATE INDEX ON public.orders (updated_at)"
_PG_SQL = f"CREATE SCHEMA dwh; CREATE SCHEMA staging; CREATE TABLE dwh.orders {_PG_TABLE}"
_CH_SQL = """CREATE TABLE orders (id Int64, status String, day Date32, note Nullable(String), amount Decimal(18, 2),
  updated_at DateTime64(6, 'UTC')) ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY id"""


@dataclass(frozen=True, slots=True)
class State:
    """What the state row says, as far as tests care."""

    phase: str
    watermark: str
    window_high: str
    owner: str
    run_id: str
    committed_run_id: str


class Target(Protocol):
    """A target of either engine."""

    url: str

    def create(self) -> None: ...

    def rows(self) -> list[Cells]: ...

    def state(self) -> State | None: ...

    def staging(self) -> list[str]: ...

    def execute(self, sql: str) -> None: ...


class PostgresTarget:
    """Schema dwh of a database of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create(self) -> None:
        self.execute(_PG_SQL)

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute(sql.encode())

    def rows(self) -> list[Cells]:
        return sorted(
            (
                (str(i), status, day.isoformat(), note, amount, at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))
                for i, status, day, note, amount, at in self._all(
                    "SELECT id, status, day, note, amount, updated_at FROM dwh.orders"
                )
            ),
            key=lambda cells: int(cells[0]),
        )

    def state(self) -> State | None:
        found = self._all(
            "SELECT phase, watermark, window_high, lease_owner, run_id::text, committed_run_id::text FROM dwh.dponec_state"
        )
        return State(*(value or "" for value in found[0])) if found else None

    def staging(self) -> list[str]:
        return [name for (name,) in self._all("SELECT tablename FROM pg_tables WHERE schemaname = 'staging'")]

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as session:
            return session.execute(sql.encode()).fetchall()


class ClickHouseTarget:
    """A database of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create(self) -> None:
        self.execute(_CH_SQL)

    def execute(self, sql: str) -> None:
        run_clickhouse(self.url, sql)

    def rows(self) -> list[Cells]:
        found = self._all("SELECT id, status, toString(day), note, toString(amount), toString(updated_at) FROM orders")
        return sorted(
            ((str(i), status, day, note, Decimal(amount), at) for i, status, day, note, amount, at in found),
            key=lambda cells: int(cells[0]),
        )

    def state(self) -> State | None:
        found = self._all(
            "SELECT toString(phase), watermark, window_high, '', toString(run_id), toString(committed_run_id) "
            "FROM dponec_state ORDER BY seq DESC LIMIT 1"
        )
        return State(*(value or "" for value in found[0])) if found else None

    def staging(self) -> list[str]:
        sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT IN ('orders', 'dponec_state')"
        return [name for (name,) in self._all(sql)]

    def _all(self, sql: str) -> list[list[Any]]:
        return [json.loads(line) for line in run_clickhouse(self.url, sql + " FORMAT JSONCompactEachRow").splitlines()]
