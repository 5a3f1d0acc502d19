"""One bundle on two engines: tables made from its catalog, its own statements run by the runtime, rows read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import ConnectionUrl, parse_url
from dpone_compiler.runtime.connections.session import EngineError, Session
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.replay import resync_bundle
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.sessions import Opener
from dpone_compiler.runtime.setup import apply_setup
from dpone_compiler.runtime.state import run_state_command
from dpone_compiler.verify.case import TICK, TICKS, Cells
from dpone_compiler.verify.clickhouse_side import ClickHouseSide
from dpone_compiler.verify.feeds import make_feed
from dpone_compiler.verify.intent import CURSOR, DELETED, PLACE, SELECTED, Intent, asked_of
from dpone_compiler.verify.meaning.asked import Rows
from dpone_compiler.verify.palette import partitions_of
from dpone_compiler.verify.postgres_log import PostgresLog
from dpone_compiler.verify.postgres_side import PostgresSide
from dpone_compiler.verify.values import value_of

SLICES = "dponec_slices"
_STEP = 1000  # ticks of an integer cursor from one load to the next
Wrap = Callable[[Session], Session]


class Lab:
    """`source_url` and `target_url`: databases of its own. `folder`: for journals. `loose`: see `make_table`."""

    def __init__(
        self,
        bundle: LoadedBundle,
        intent: Intent,
        source_url: str,
        target_url: str,
        folder: Path,
        *,
        loose: frozenset[str] = frozenset(),
    ) -> None:
        self.bundle, self.intent, self._runs, self._loose = bundle, intent, folder / "runs", loose
        self._urls = {intent.source.connection: source_url, intent.target.connection: target_url}
        self._urls.setdefault(intent.write["lock_connection"], source_url)  # a Postgres too
        self._sessions = [open_session(parse_url("verify", url)) for url in (source_url, target_url)]
        self.source = PostgresLog(self._sessions[0])
        self.target = self._target_side(self._sessions[1])
        self._bases: dict[int, Any] = {}
        self._alone = f"lab-{uuid4().hex}"
        self._build()
        self.feed = make_feed(intent, self.source, bundle, self._resolved)

    def _target_side(self, session: Session) -> PostgresSide | ClickHouseSide:
        if self.intent.target.engine == "clickhouse":
            return ClickHouseSide(session, self._schemas())
        return PostgresSide(session)

    def _schemas(self) -> tuple[str, ...]:
        """The target's schema, and those for state and staging."""
        write = self.intent.write
        named = (self.intent.target.table.schema, write["state_schema"], write["staging_schema"])
        return tuple(dict.fromkeys(name for name in named if name))

    def _build(self) -> None:
        self.source.make_table(self.intent.source, self._loose)
        for name in self._schemas():
            self.target.make_schema(name)
        made = next((step for step in self.bundle.doc.steps if step.kind == "create_target"), None)
        if made is None:
            # Only a plan that swaps partitions needs more than the default one, and has no use for it.
            bounds = partitions_of(self.intent) if self.intent.policy == "attach_detach" else ()
            self.target.make_table(self.intent.target, bounds=bounds)
        apply_setup(self.bundle, self.opener())
        if made is not None:  # the rows of all stories lie in a table of the plan's own making
            self._sessions[1].run(self.bundle.body(made.file), {})

    def close(self) -> None:
        """Close the sessions; the databases are the caller's."""
        if self.feed is not None:
            self.feed.close()
        for session in self._sessions:
            session.close()

    # ---- rows --------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """As it was built: no rows, no state, no staging."""
        self._bases.clear()
        if self.feed is not None:
            self.feed.clear()
        self.source.clear()
        self.target.clear()

    def forget_slices(self) -> None:
        """No slice is recorded as loaded any more."""
        write = self.intent.write
        self.target.empty(TableRef(write["state_schema"] or self.intent.target.table.schema, SLICES))

    def begin(self, load: int) -> None:
        """Ticks of this load are resolved from now on."""
        self._bases.setdefault(load, self._base(load))

    def write(self, load: int, rows: Mapping[int, Cells]) -> None:
        """Make these the source's rows."""
        self.begin(load)
        self.source.write(self.intent.source, [self._resolved(cells) for cells in rows.values()])

    def selects(self, cells: Cells) -> bool:
        """Whether a row is loaded: the filter is true of it and it lies in the scope."""
        session = self._sessions[0]
        session.begin()
        self.source.write(self.intent.source, [self._resolved(cells)])
        (row,) = self.snapshot()
        session.rollback()
        return bool(row[SELECTED]) and asked_of(self.intent).scope(row) is True

    def takes(self, rows: Iterable[Cells]) -> bool:
        """Whether the source lets these rows in; they are taken back."""
        session = self._sessions[0]
        session.begin()
        try:
            self.source.add(self.intent.source, [self._resolved(cells) for cells in rows])
        except EngineError:
            return False
        finally:
            session.rollback()
        return True

    @contextmanager
    def writer(self, cells: Cells) -> Iterator[Cells]:
        """Somebody else's transaction that has written this row with its own time, and commits at the end; the row."""
        session = open_session(parse_url("writer", self._urls[self.intent.source.connection]))
        try:
            session.begin()
            side, cursor = PostgresSide(session), self.intent.cursor
            written = cells if cursor is None else {**cells, cursor.name: side.transaction_time()}
            side.add(self.intent.source, [written])
            yield written
            session.commit()
        finally:
            session.close()

    def snapshot(self) -> Rows:
        """The source's rows, as the model reads them."""
        return self._read(*self.source.snapshot(self.intent))

    def log(self) -> Rows:
        """Every row of the log, as the model reads it, with its place."""
        assert self.feed is not None
        return self._read(*self.source.snapshot(self.intent, self.feed.table, self.feed.place))

    def _read(self, names: tuple[str, ...], rows: Iterable[tuple[str | None, ...]]) -> Rows:
        types = {each.target: each.type for each in self.intent.carried}
        if self.intent.cursor is not None:
            types[CURSOR] = self.intent.cursor.type
        if self.feed is not None:
            types[PLACE] = self.feed.place_type

        def read(name: str, text: str | None) -> Any:
            return text == "true" if name in (SELECTED, DELETED) else value_of(text, types[name])

        return tuple({name: read(name, text) for name, text in zip(names, row, strict=True)} for row in rows)

    def rows(self) -> Rows:
        """The target's rows."""
        types = [(each.target, each.type) for each in self.intent.carried]
        types += [(each.name, each.type) for each in self.intent.technical]
        return tuple(
            {name: value_of(text, type_) for (name, type_), text in zip(types, row, strict=True)}
            for row in self.target.rows(self.intent)
        )

    def instant(self) -> Any:
        """The instant of the last attempt, as the target's technical columns hold it; None where the strategy has none."""
        column = next(iter(self.intent.technical), None)
        text = self.state().get("window_high") or ""
        return value_of(text, column.type) if column is not None and text else None

    def applied(self) -> int | None:
        """The position of the WAL that the state row has reached; None for other loads."""
        text = self.state().get("watermark") or ""
        return int(text) if text and self.intent.streams else None

    def watermark(self) -> Any:
        """The watermark in the state row as a value; None where there is none."""
        text = self.state().get("watermark") or ""
        cursor = self.intent.cursor
        return value_of(text, cursor.type) if text and cursor is not None else None

    def state(self) -> dict[str, str | None]:
        """The state row; {} when the load never ran."""
        result = self._sessions[1].run(self.bundle.body(self.bundle.doc.state["show"]), {})
        return dict(zip(result.columns, result.rows[0], strict=True)) if result.rows else {}

    def abort(self, run_id: str) -> None:
        """Give an unfinished attempt up, as `dponec runs abort` does."""
        run_state_command(self.bundle, self.opener(), "abort", run_id=run_id)

    def expire_leases(self) -> None:
        """Every lease of this lab has run out."""
        for side in (self.source, self.target):
            if isinstance(side, PostgresSide):
                side.expire_leases()

    def lock_is_free(self) -> bool:
        """Whether the advisory lock of the target could be had; of another engine than Postgres nobody has it."""
        return not isinstance(self.target, PostgresSide) or self.target.lock_is_free(self.intent.target.table)

    def forget_position(self) -> None:
        """Forget what is applied, as `dponec state set LOAD ''` does."""
        run_state_command(self.bundle, self.opener(), "set", watermark="")

    # ---- ticks -------------------------------------------------------------------------------------------------------

    def _base(self, load: int) -> Any:
        """The value of tick 0 of this load: nothing of an earlier load is later, and its window will reach beyond it."""
        cursor = self.intent.cursor
        if cursor is None or cursor.type.kind is Kind.INT:
            return load * _STEP
        now = datetime.fromisoformat(self.source.clock()) - timedelta(seconds=self.intent.read["cursor"]["lag"] or 0)
        if cursor.type.kind is Kind.DATE:
            return now - timedelta(days=1)
        return now - self._unit() * TICKS

    def latest(self) -> Any:
        """A cursor value that no window may pass now."""
        cursor = self.intent.cursor
        if cursor is None:
            return None
        if cursor.type.kind is Kind.INT:
            return (max(self._bases, default=0) + 1) * _STEP
        clock = datetime.fromisoformat(self.source.clock()) - timedelta(seconds=self.intent.read["cursor"]["lag"] or 0)
        return value_of(clock.isoformat(" "), cursor.type)

    def window(self, load: int, until: int) -> tuple[str, str] | None:
        """From the watermark to this tick, in the words of the state row; None when there is no such window."""
        low, cursor = self.state().get("watermark") or "", self.intent.cursor
        if not low or cursor is None:
            return None
        high = self._moment(load, until)
        if cursor.type.kind is Kind.INT:  # no window ends beyond the numbers that are there (DP447)
            high = str(min(int(high), self.source.next_number(self.intent.source, cursor.name)))
        elif cursor.type.kind is Kind.DATE:
            high = high[:10]
        elif cursor.type.kind is Kind.TIMESTAMP:
            high = datetime.fromisoformat(high).isoformat(" ", "microseconds") + ("+00:00" if cursor.type.tz else "")
        return (low, high) if value_of(high, cursor.type) >= value_of(low, cursor.type) else None

    def _unit(self) -> timedelta:
        """One tick of a time cursor: what its type can tell apart."""
        cursor = self.intent.cursor
        precision = 6 if cursor is None or cursor.type.precision is None else cursor.type.precision
        return timedelta(microseconds=10 ** (6 - min(6, precision)))

    def _resolved(self, cells: Cells) -> Cells:
        def moment(text: str | None) -> str | None:
            found = TICK.fullmatch(text or "")
            return self._moment(int(found[1]), int(found[2])) if found else text

        return {name: moment(text) for name, text in cells.items()}

    def _moment(self, load: int, offset: int) -> str:
        base = self._bases.get(load) or self._bases[max(self._bases)]
        if isinstance(base, int):
            return str(base + offset)
        return str(base + self._unit() * offset)

    # ---- runs --------------------------------------------------------------------------------------------------------

    def opener(self, wrap: Wrap = lambda session: session) -> Opener:
        """Opens this lab's connections with the plan's limits."""
        limits = {"lock_timeout": f"{self.bundle.doc.limits.get('lock_timeout') or 30}s"}

        def open_one(connection: str) -> Session:
            url = parse_url(connection, self._urls[connection])
            return wrap(open_session(url, limits=limits if url.scheme.startswith("postgres") else {}))

        return open_one

    def lock_url(self) -> ConnectionUrl:
        """What the file lock of a run is named after: nobody else's, since two engines here may hold databases of one name."""
        scheme = self._urls[self.intent.target.connection].partition(":")[0]
        return parse_url(self.intent.target.connection, f"{scheme}://{self._alone}/verify")

    def run(
        self,
        *,
        faults: Faults | None = None,
        wrap: Wrap = lambda session: session,
        window: tuple[str, str] | None = None,
        elsewhere: bool = False,
    ) -> RunOutcome:
        """Run the bundle to its end, whatever that is. `window`: the one that is asked for, instead of the next.

        `elsewhere`: on another host, which knows nothing of the file locks of this one.
        """
        options = RunOptions(shown=self.intent.name, runs=self._runs, window=window)
        url = None if elsewhere else self.lock_url()
        return self._to_the_end(self.bundle, options, url, self.opener(wrap), faults or Faults())

    def resync(self, partitions: Collection[str]) -> RunOutcome:
        """Load these partitions again, as `dponec resync --yes` does."""
        listed = {"partitions": json.dumps(sorted(partitions), ensure_ascii=False)}
        options = RunOptions(shown=self.intent.name, runs=self._runs, params=listed)
        return self._to_the_end(resync_bundle(self.bundle), options, self.lock_url(), self.opener(), Faults())

    def _to_the_end(
        self, bundle: LoadedBundle, options: RunOptions, url: ConnectionUrl | None, opener: Opener, faults: Faults
    ) -> RunOutcome:
        return run_bundle(bundle, options, opener=opener, url=url, listener=Quiet(), faults=faults)
