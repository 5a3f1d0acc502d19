"""The two targets, as the reference sees them: make the table, read rows and state, list staging. No code of the runtime."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any, Protocol

import psycopg

from tests.engine_fixtures import run_clickhouse
from tests.faults.cases import Case
from tests.faults.model import Cells

_PG_TABLE = """(id bigint PRIMARY KEY, status text NOT NULL, day date NOT NULL, note text, amount numeric(18,2) NOT NULL,
  updated_at timestamptz NOT NULL)"""
SOURCE_SQL = f"CREATE TABLE public.orders {_PG_TABLE}; CREATE INDEX ON public.orders (updated_at)"
# The change table that the application of the source keeps: what a row was at each change; of a deletion the key alone.
CHANGES_SQL = """CREATE TABLE public.order_changes (seq bigint GENERATED ALWAYS AS IDENTITY, op text NOT NULL, id bigint, status text,
    day date, note text, amount numeric(18,2), updated_at timestamptz);
  CREATE FUNCTION public.note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
      INSERT INTO public.order_changes (op, id) VALUES ('D', OLD.id);
    ELSE
      INSERT INTO public.order_changes (op, id, status, day, note, amount, updated_at) VALUES (left(TG_OP, 1), NEW.*);
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.note_change()"""
_PG_SQL = f"CREATE SCHEMA dwh; CREATE SCHEMA staging; CREATE TABLE dwh.orders {_PG_TABLE}"
# A history on each engine, sorted by a column that changes where that matters.
_PG_HISTORY = """ALTER TABLE dwh.orders DROP CONSTRAINT orders_pkey, ADD valid_from timestamptz NOT NULL, ADD valid_to timestamptz,
  ADD is_current boolean NOT NULL, ADD PRIMARY KEY (id, valid_from);
  CREATE UNIQUE INDEX ON dwh.orders (id) WHERE is_current"""
_CH_HISTORY = """CREATE TABLE orders (id Int64, status String, day Date32, note Nullable(String), amount Decimal(18, 2),
  updated_at DateTime64(6, 'UTC'), valid_from DateTime64(6, 'UTC'), valid_to Nullable(DateTime64(6, 'UTC')), is_current UInt8)
  ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY (id, is_current)"""
_PG_MONTHS = (
    "CREATE TABLE dwh.orders (LIKE dwh.whole, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); DROP TABLE dwh.whole; "
    + "; ".join(
        f"CREATE TABLE dwh.m{m} PARTITION OF dwh.orders FOR VALUES FROM ('2026-0{m}-01') TO ('2026-0{m + 1}-01')"
        for m in range(1, 4)
    )
)
_CH_SQL = """CREATE TABLE orders (id Int64, status String, day Date32, note Nullable(String), amount Decimal(18, 2),
  updated_at DateTime64(6, 'UTC')) ENGINE = {engine} ORDER BY id"""


@dataclass(frozen=True, slots=True)
class State:
    """What the state row says, as far as tests care."""

    phase: str
    watermark: str
    window_high: str
    owner: str
    run_id: str
    committed_run_id: str


Version = tuple[int, str, str, str, tuple[str, ...]]
"""Key, begin, end ('' open), whether current, and content, all as texts that sort."""


def wrong_versions(versions: list[Version]) -> list[str]:
    """What is wrong with a history: overlaps, two current versions, a version that is like the one before it and follows it."""
    found = []
    for before, after in zip(versions, [*versions[1:], None], strict=True):
        key, begins, ends, current, content = before
        if (current == "1") is not (ends == "") or (ends and ends <= begins):
            found.append(f"version {before[:4]}")
        if after is not None and after[0] == key:
            if not ends or ends > after[1]:
                found.append(f"versions {before[:4]} and {after[:4]} overlap")
            if ends == after[1] and content == after[4]:
                found.append(f"versions {before[:4]} and {after[:4]} are alike")
    return found


class Target(Protocol):
    """A target of either engine."""

    url: str

    def create(self, case: Case) -> None: ...

    def marked(self) -> set[int]: ...

    def versions(self) -> list[Version]: ...

    def rows(self) -> list[Cells]: ...

    def state(self) -> State | None: ...

    def staging(self) -> list[str]: ...

    def forget_slices(self) -> None: ...

    def execute(self, sql: str) -> None: ...


class PostgresTarget:
    """Schema dwh of a database of its own."""

    def __init__(self, url: str) -> None:
        self.url, self._now = url, ""

    def create(self, case: Case) -> None:
        """The table of the case; `rows` are those of it that hold now."""
        self._now = " WHERE is_current" if case.history else " WHERE gone IS NULL" if case.marked else ""
        shaped = f"{_PG_SQL.replace('dwh.orders', 'dwh.whole')}; {_PG_MONTHS}" if case.partitioned else _PG_SQL
        more = _PG_HISTORY if case.history else "ALTER TABLE dwh.orders ADD gone timestamptz" if case.marked else ""
        self.execute(f"{_PG_SQL}; {more}" if more else shaped)

    def marked(self) -> set[int]:
        """Rows that say that the source has deleted them."""
        return {id_ for (id_,) in self._all("SELECT id FROM dwh.orders WHERE gone IS NOT NULL")}

    def versions(self) -> list[Version]:
        form = "'YYYY-MM-DD HH24:MI:SS.US'"
        return [
            (id_, begins, ends or "", str(int(current)), tuple(map(str, content)))
            for id_, begins, ends, current, *content in self._all(
                f"SELECT id, to_char(valid_from, {form}), to_char(valid_to, {form}), is_current, status, day, note, amount, "
                "updated_at FROM dwh.orders ORDER BY id, valid_from"
            )
        ]

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute(sql.encode())

    def rows(self) -> list[Cells]:
        return sorted(
            (
                (str(i), status, day.isoformat(), note, amount, at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))
                for i, status, day, note, amount, at in self._all(
                    f"SELECT id, status, day, note, amount, updated_at FROM dwh.orders{self._now}"
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
        swaps = "starts_with(schemaname, 'dwh') AND position('__dponec_' IN tablename) > 0"
        return [
            name for (name,) in self._all(f"SELECT tablename FROM pg_tables WHERE schemaname = 'staging' OR {swaps}")
        ]

    def forget_slices(self) -> None:
        self.execute("DELETE FROM dwh.dponec_slices")

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as session:
            return session.execute(sql.encode()).fetchall()


class ClickHouseTarget:
    """A database of its own. `legacy`: see `Case`."""

    def __init__(self, url: str, *, legacy: bool = False) -> None:
        self.url, self._history, self._legacy, self._now = url, False, legacy, ""

    def create(self, case: Case) -> None:
        """The table of the case."""
        self._history = case.history
        replacing = case.engine.startswith("Replacing")
        self._now = " WHERE is_current = 1" if case.history else " FINAL" if replacing else ""
        made = _CH_HISTORY if case.history else _CH_SQL.format(engine=case.engine)
        self.execute(
            made.replace("Date32", "Date").replace("DateTime64(6, 'UTC')", "DateTime") if self._legacy else made
        )

    def marked(self) -> set[int]:
        """No case marks rows here."""
        return set()

    def versions(self) -> list[Version]:
        found = self._all(
            "SELECT id, toString(valid_from), ifNull(toString(valid_to), ''), toString(is_current), status, toString(day), note, "
            "toString(amount), toString(updated_at) FROM orders ORDER BY id, valid_from"
        )
        return [
            (int(id_), begins, ends, current, tuple(map(str, content)))
            for id_, begins, ends, current, *content in found
        ]

    def execute(self, sql: str) -> None:
        run_clickhouse(self.url, sql)

    def rows(self) -> list[Cells]:
        found = self._all(
            f"SELECT id, status, toString(day), note, toString(amount), toString(updated_at) FROM orders{self._now}"
        )
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
        ours = "'orders', 'dponec_state', 'dponec_slices'"
        sql = f"SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT IN ({ours})"
        return [name for (name,) in self._all(sql)]

    def forget_slices(self) -> None:
        self.execute("TRUNCATE TABLE dponec_slices")

    def _all(self, sql: str) -> list[list[Any]]:
        found: list[list[Any]] = json.loads(run_clickhouse(self.url, sql + " FORMAT JSONCompact"))["data"]
        return found
