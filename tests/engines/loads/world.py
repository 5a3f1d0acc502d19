"""A world for one load: databases of its own, a catalog, a manifest, and what a user does: compile, set up, run, look.

Rows are written and read back by plain drivers; nothing of the product takes part in looking.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from dpone_compiler.artifacts.bundle import folder_name
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.driver.compile import CompileResult, Options, compile_paths
from dpone_compiler.driver.output import write_bundle
from dpone_compiler.frontends.catalog.read import write_catalog
from dpone_compiler.introspect.clickhouse import read_clickhouse
from dpone_compiler.introspect.postgres import read_postgres
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.bundle import LoadedBundle, load_bundle
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RunOutcome
from dpone_compiler.runtime.progress import Quiet
from dpone_compiler.runtime.runner import run_bundle
from dpone_compiler.runtime.sessions import Opener, engine_opener
from dpone_compiler.runtime.setup import apply_setup
from dpone_compiler.runtime.state import run_state_command
from tests.cells import note
from tests.engine_fixtures import run_clickhouse
from tests.engines.loads.model import Order, ordered

CURSOR = {"column": "at", "assigned_by": "database"}


@dataclass(frozen=True, slots=True)
class Sink:
    """A target engine of the matrix: its name, the fixture that makes databases on it, and its tier."""

    name: str
    engine: str
    fixture: str
    tier: str

    @property
    def clickhouse(self) -> bool:
        return self.engine == "clickhouse"

    @property
    def moment(self) -> str:
        """The finest type of an instant."""
        return {"ch18": "DateTime('UTC')", "chdb": "DateTime64(6, 'UTC')"}.get(self.name, "timestamptz")


SINKS = {
    sink.name: sink
    for sink in (
        Sink("pg18", "postgres", "pg_wheel_db", "postgres_wheel"),
        Sink("pg15", "postgres", "pg_debian_db", "postgres_debian"),
        Sink("chdb", "clickhouse", "chdb_db", "chdb"),
        Sink("ch18", "clickhouse", "clickhouse_server_db", "clickhouse_server"),
    )
}
EVERYWHERE = tuple(SINKS)


def on(*names: str) -> pytest.MarkDecorator:
    """Run the test on these sinks; the test takes `world`."""
    made = [pytest.param(SINKS[name], id=name, marks=getattr(pytest.mark, SINKS[name].tier)) for name in names]
    return pytest.mark.parametrize("sink", made)


@dataclass
class World:
    """See the module. `table` is the target's name, `source_table` the source's: (schema, name)."""

    sink: Sink
    source_url: str
    target_url: str
    folder: Path
    source_table: tuple[str, str] = ("public", "orders")
    table: tuple[str, str] = ("", "orders_copy")
    bundle: Path = field(default_factory=Path)
    runs: int = 0
    source_tier: str = "postgres_wheel"
    compiled_as: dict[Path, str] = field(default_factory=dict)  # fingerprints of bundles that were edited since

    def __post_init__(self) -> None:
        schema = self.target_url.rpartition("/")[2] if self.sink.clickhouse else "public"
        self.table = (schema, "orders_copy")

    # ---- tables ------------------------------------------------------------------------------------------------------

    def source(self, sql: str, rows: Iterable[tuple[object, ...]] = ()) -> None:
        """Run a statement on the source; with rows, once for each."""
        _postgres(self.source_url, sql, rows)

    def target(self, sql: str) -> None:
        """Run a statement on the target."""
        if self.sink.clickhouse:
            run_clickhouse(self.target_url, sql)
        else:
            _postgres(self.target_url, sql)

    def orders(self, *, key: str = "NOT NULL", day: str = "NOT NULL", at: str = "NOT NULL", **target: str) -> World:
        """The tables of `Order` on both sides; constraints of the source by column; see `make_target`."""
        self.source(
            f"CREATE TABLE orders (id bigint {key}, amount numeric(18,2) NOT NULL, note text, day date {day}, at timestamptz {at})"
        )
        self.make_target(**target, null_key=key == "", null_day=day == "", null_at=at == "")
        return self

    def make_target(
        self,
        *,
        engine: str = "MergeTree",
        partition: str = "toYYYYMM(day)",
        order_by: str = "id",
        columns: str = "",
        null_key: bool = False,
        null_day: bool = False,
        null_at: bool = False,
    ) -> None:
        """The target of `Order`. `columns`: its columns instead, in the sink's own words."""

        def ours(name: str, null: bool) -> str:
            kind = {
                "id": ("Int64", "bigint"),
                "amount": ("Decimal(18,2)", "numeric(18,2)"),
                "note": ("String", "text"),
                "day": ("Date", "date"),
                "at": (self.sink.moment, self.sink.moment),
            }[name][not self.sink.clickhouse]
            if self.sink.clickhouse:
                return f"{name} Nullable({kind})" if null else f"{name} {kind}"
            return f"{name} {kind}" if null else f"{name} {kind} NOT NULL"

        listed = columns or ", ".join(
            ours(name, null)
            for name, null in (("id", null_key), ("amount", False), ("note", True), ("day", null_day), ("at", null_at))
        )
        tail = ""
        if self.sink.clickhouse:
            by = f" PARTITION BY {partition}" if partition else ""
            nullable = " SETTINGS allow_nullable_key = 1" if (null_key or null_day) and self.sink.name == "chdb" else ""
            tail = f" ENGINE = {engine}{by} ORDER BY {order_by}{nullable}"
        self.target(f"CREATE TABLE orders_copy ({listed}){tail}")

    def insert(self, *rows: Order) -> None:
        """Add rows to the source."""
        self.source("INSERT INTO orders VALUES (%s, %s, %s, %s, %s)", rows)

    def insert_target(self, *rows: Order) -> None:
        """Add rows to the target behind the load's back."""
        # 26.2 made inserts asynchronous, and one that is not flushed yet would be a race of the test's own.
        now = " SETTINGS async_insert = 0" if self.sink.name == "chdb" else ""
        for row in rows:
            values = ", ".join(_literal(value) for value in row)
            self.target(f"INSERT INTO orders_copy (id, amount, note, day, at){now} VALUES ({values})")

    def now(self) -> str:
        """The source's clock: a row with it is below the next window's end, and not below the last one's."""
        with psycopg.connect(self.source_url, autocommit=True) as session:
            return str(session.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'").fetchone()[0])  # type: ignore[index]

    def source_rows(self) -> list[Order]:
        """The source's orders."""
        with psycopg.connect(self.source_url, autocommit=True) as session:
            session.execute("SET TimeZone = 'UTC'")
            return [_order(row) for row in session.execute("SELECT id, amount, note, day, at FROM orders")]

    def rows(self, final: bool = False) -> list[Order]:
        """The target's orders. `final`: as ReplacingMergeTree means them."""
        if not self.sink.clickhouse:
            with psycopg.connect(self.target_url, autocommit=True) as session:
                session.execute("SET TimeZone = 'UTC'")
                return [_order(row) for row in session.execute("SELECT id, amount, note, day, at FROM orders_copy")]
        query = f"SELECT id, amount, note, day, at FROM orders_copy{' FINAL' if final else ''}"
        lines = run_clickhouse(self.target_url, f"{query} FORMAT TabSeparated").split("\n")[:-1]
        return [_order(_typed(line.split("\t"))) for line in lines]

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the target; on ClickHouse as texts."""
        if self.sink.clickhouse:
            lines = run_clickhouse(self.target_url, query + " FORMAT TabSeparated").split("\n")[:-1]
            return [tuple(line.split("\t")) for line in lines]
        with psycopg.connect(self.target_url, autocommit=True) as session:
            session.execute("SET TimeZone = 'UTC'")
            return session.execute(query.encode()).fetchall()

    def count(self) -> int:
        """Rows of the target, whatever its columns."""
        return int(self.answer("SELECT count(*) FROM orders_copy"))

    def answer(self, query: str) -> str:
        """The one value that the target answers, as text."""
        if self.sink.clickhouse:
            return run_clickhouse(self.target_url, query).strip()
        with psycopg.connect(self.target_url, autocommit=True) as session:
            return str(session.execute(query.encode()).fetchone()[0])  # type: ignore[index]

    def same(self, expected: Iterable[tuple[object, ...]], *, final: bool = False) -> None:
        """Assert that the target holds exactly these rows."""
        listed = [Order(*row) for row in expected]
        if self.sink.name == "ch18":  # DateTime cuts fractions, as the plan says
            listed = [row._replace(at=row.at and row.at.replace(microsecond=0)) for row in listed]
        assert ordered(self.rows(final)) == ordered(listed)

    def leftovers(self) -> list[str]:
        """Staging tables of any load on the target's server."""
        if self.sink.clickhouse:
            query = "SELECT name FROM system.tables WHERE position(name, '__dponec_') > 0 FORMAT TabSeparated"
            return run_clickhouse(self.target_url, query).split("\n")[:-1]
        with psycopg.connect(self.target_url, autocommit=True) as session:
            found = session.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND position('__dponec_' in relname) > 0"
            )
            return [row[0] for row in found]

    # ---- what a user does --------------------------------------------------------------------------------------------

    def introspect(self) -> None:
        """Write the catalog of both sides."""
        (self.folder / "catalog").mkdir(exist_ok=True)
        for name, url, table in (("src", self.source_url, self.source_table), ("dst", self.target_url, self.table)):
            session = open_session(parse_url(name, url))
            read = read_clickhouse if name == "dst" and self.sink.clickhouse else read_postgres
            asked = (TableRef(*table),)
            try:
                engine, tables = read(session, asked)
            except LookupError:  # a target that the plan makes
                engine, tables = read(session, ())
            session.close()
            (self.folder / f"catalog/{name}.yaml").write_text(write_catalog(name, engine, tables))

    def compiled(
        self,
        mode: str,
        *,
        name: str = "orders",
        source: dict[str, Any] | None = None,
        sink: dict[str, Any] | None = None,
        key: Any = None,
        **strategy: Any,
    ) -> CompileResult:
        """Introspect, write the manifest and compile it. `source`, `sink`: more of these blocks, the cursor among it."""
        self.introspect()
        if self.sink.name == "ch18":  # its DateTime cuts the fractions of a second, and says so
            strategy = {"lossy": "clamp", **strategy}
        strategy |= {"mode": mode} | ({"unique_key": key} if key else {})
        manifest = {
            "name": name,
            "source": {
                "type": "postgres",
                "connection_id": "src",
                "table": _table(self.source_table),
                **(source or {}),
            },
            "sink": {
                "type": self.sink.engine,
                "connection_id": "dst",
                "table": _table(self.table),
                "state_schema": self.target_url.rpartition("/")[2] if self.sink.clickhouse else "dponec",
                "strategy": strategy,
                **(sink or {}),
            },
        }
        file = self.folder / "load.yaml"
        file.write_text(yaml.safe_dump(manifest, allow_unicode=True, sort_keys=False))
        return compile_paths([file], Options(catalog=self.folder / "catalog"))

    def refuses(self, code: str, mode: str, **given: Any) -> str:
        """Assert that the compile is refused with this code, and give all messages."""
        result = self.compiled(mode, **given)
        codes = {diagnostic.code for diagnostic in result.diagnostics if diagnostic.severity is Severity.ERROR}
        assert code in codes, [(d.code, d.problem.message()) for d in result.diagnostics]
        assert not result.bundles
        return "\n".join(diagnostic.problem.message() for diagnostic in result.diagnostics)

    def load(self, mode: str, **given: Any) -> World:
        """Compile, write the bundle, and apply its setup."""
        result = self.compiled(mode, **given)
        assert not result.failed, [(d.code, d.problem.message()) for d in result.diagnostics]
        (bundle,) = result.bundles
        write_bundle(bundle, self.folder / "plans")
        self.bundle = self.folder / "plans" / folder_name(given.get("name", "orders"))
        self.compiled_as.pop(self.bundle, None)
        opened = self.opened()
        apply_setup(opened, self.opener(opened))
        return self

    def opened(self) -> LoadedBundle:
        """The bundle on disk; an edited one goes on with the attempts of the one that was compiled."""
        bundle = load_bundle(self.bundle)
        return replace(
            bundle, doc=replace(bundle.doc, fingerprint=self.compiled_as.get(self.bundle, bundle.doc.fingerprint))
        )

    def opener(self, bundle: LoadedBundle) -> Opener:
        """The connections of this world."""
        return engine_opener(bundle.doc, {"DPONE_CONN_SRC": self.source_url, "DPONE_CONN_DST": self.target_url}, None)

    def outcome(self, *, faults: Faults | None = None, **options: Any) -> RunOutcome:
        """Run the bundle, whatever comes. `faults`: what befalls it at which step."""
        bundle = self.opened()
        self.runs += 1
        asked = RunOptions(shown=str(self.bundle), runs=self.folder / f"runs{self.runs}", **options)
        ends = {"opener": self.opener(bundle), "url": None, "listener": Quiet()}
        return run_bundle(bundle, asked, faults=faults or Faults(), **ends)

    def run(self, **options: Any) -> RunOutcome:
        """Run the bundle; it must succeed and leave nothing behind."""
        outcome = self.outcome(**options)
        assert outcome.exit_code == 0, outcome
        assert self.leftovers() == []
        note(self.opened().doc, self.sink.tier, self.source_tier)
        return outcome

    def fails(self, code: str, **options: Any) -> RunOutcome:
        """Run the bundle; it must stop with this code."""
        outcome = self.outcome(**options)
        assert (outcome.code, outcome.exit_code != 0) == (code, True), outcome
        return outcome

    def state(self, name: str, **params: str) -> dict[str, str]:
        """A state command: show, set, rewind, adopt, abort."""
        bundle = self.opened()
        return run_state_command(bundle, self.opener(bundle), name, **params)


def _table(names: tuple[str, str]) -> dict[str, str]:
    return {"schema": names[0], "name": names[1]}


def _postgres(url: str, sql: str, rows: Iterable[tuple[object, ...]] = ()) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET TimeZone = 'UTC'")
        listed = list(rows)
        if listed:
            session.cursor().executemany(sql.encode(), listed)
        else:
            session.execute(sql.encode())


def _order(row: Iterable[Any]) -> Order:
    return Order(*row)


def _literal(value: object) -> str:
    """Enough for the plain values of rows that stand in a target beforehand."""
    if value is None:
        return "NULL"
    if isinstance(value, int | Decimal):
        return str(value)
    return f"'{value:%Y-%m-%d %H:%M:%S}'" if isinstance(value, datetime) else f"'{value}'"


def _typed(texts: list[str]) -> tuple[Any, ...]:
    """One tab-separated line of an order."""
    id_, amount, note, day, at = (None if text == "\\N" else text for text in texts)
    return (
        None if id_ is None else int(id_),
        Decimal(amount or "0").quantize(Decimal("0.01")),
        None if note is None else note.encode().decode("unicode_escape").encode("latin-1").decode(),
        None if day is None else date.fromisoformat(day),
        None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC),
    )
