"""A load and a plan made by hand, and a small executor of single ClickHouse steps, for tests of the backend."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dpone_compiler.backends.clickhouse import BACKEND
from dpone_compiler.introspect.clickhouse import read_clickhouse
from dpone_compiler.ir.load import Decisions, Endpoint, Load, MovedColumn, Partitioning, Read, Write
from dpone_compiler.ir.schema import Column, TableRef
from dpone_compiler.plan.actions import Action, Staging
from dpone_compiler.plan.step import Contract, Guard, Idempotency, Plan, Step
from dpone_compiler.runtime.connections.clickhouse_text import bind_legacy
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import ConnectionUrl
from dpone_compiler.runtime.connections.session import Chunk, Session
from dpone_compiler.spi.backend import Context, Facts, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import ident
from dpone_compiler.sql.clickhouse_native import unescaped
from dpone_compiler.sql.clickhouse_types import is_nullable, parse_type
from tests.engine_fixtures import run_clickhouse

RUN = "00000000-0000-4000-8000-000000000001"
ROWS = Staging(role="rows", columns=())
REWRITE = Staging(role="rewrite", columns=(), shaped=True)
LEFT = Staging(role="left", columns=())
_IDENTIFIER = re.compile(r"\{(\w+):Identifier\}")


class Violation(AssertionError):
    """A check step found something; `args[0]` is its code."""


def column(name: str, native: str) -> Column:
    return Column(name=name, native=native, type=parse_type(native), nullable=is_nullable(native))


def open_bench(url: str, shape: str, *, table: str = "t", **given: Any) -> Bench:
    """A table of that shape in the database of `url`, with the state table set up."""
    database = urlsplit(url).path.strip("/")
    session = open_session(ConnectionUrl("c", "clickhouse+http", "clickhouse+http" + url.removeprefix("http")))
    made = Bench(session=session, database=database, url=url, table=table, **given)
    session.run(f"CREATE TABLE {database}.{ident(table)} {shape}", {})
    made.setup()
    return made


@dataclass
class Bench:
    """One target table on one server."""

    session: Session
    database: str
    url: str
    table: str = "t"
    key: tuple[str, ...] = ("k",)
    partition: Partitioning | None = None
    params: dict[str, str] = field(default_factory=dict)
    plan: tuple[Action, ...] = ()

    def sql(self, body: str) -> tuple[tuple[str | None, ...], ...]:
        text = run_clickhouse(self.url, body)
        lines = [line.split("\t") for line in text.split("\n")[:-1]]
        return tuple(tuple(None if cell == "\\N" else unescaped(cell) for cell in line) for line in lines)

    def context(self) -> Context:
        ref = TableRef(self.database, self.table)
        engine, tables = read_clickhouse(self.session, (ref,))
        facts = tables[ref]
        moved = tuple(MovedColumn(source=c, target=c) for c in facts.structure.columns if not c.generated)
        end = Endpoint(engine="clickhouse", connection="c", table=ref)
        load = Load(
            name="orders's \n load",
            read=Read(endpoint=end),
            write=Write(endpoint=end, key=self.key, partition=self.partition),
            decisions=Decisions(columns=moved),
        )
        steps = tuple(
            Step(
                id=str(at),
                action=action,
                purpose="",
                why="",
                after=(),
                idempotency=Idempotency.PURE,
                guard=Guard(kind="rerun"),
            )
            for at, action in enumerate(self.plan)
        )
        cells = ("atomicity", "replay", "deletes", "late_data", "null_keys", "staging_duplicates", "concurrency")
        plan = Plan(load=load.name, steps=steps, contract=Contract(**dict.fromkeys(cells, "")))
        known = Facts(source_engine=None, source_table=None, target_engine=engine, target_table=facts)
        return Context(load=load, facts=known, plan=plan, source=BACKEND, sink=BACKEND)

    def lower(self, action: Action) -> Lowered | Unsupported:
        self.plan = (*self.plan, action) if action not in self.plan else self.plan
        ctx = self.context()
        step = next(s for s in ctx.plan.steps if s.action == action)
        for spec in BACKEND.params(ctx):
            self.params.setdefault(spec.name, spec.prefix + RUN.replace("-", "_"))
        return BACKEND.lower_sink(ctx, step)

    def setup(self) -> None:
        self.params |= {
            "run_id": RUN,
            "fence": "1",
            "fingerprint": "f",
            "window_low": "",
            "window_high": "",
            "partitions": "[]",
        }
        for file in BACKEND.setup(self.context()):
            if "grants" not in file.name:  # a DBA's
                self.session.run(file.body, {})

    def do(self, action: Action, *, items: slice = slice(None), tsv: str = "") -> Mapping[str, str]:
        """Carry a step out; `items`: which items of a foreach, so that it can stop half way."""
        lowered = self.lower(action)
        assert isinstance(lowered, Lowered), lowered
        for body in (*lowered.bodies.values(), lowered.guard):
            assert ";" not in re.sub(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`", "", body)
        match lowered.op:
            case "transfer":
                self.session.copy_in(
                    self._named(lowered.bodies["load"]), self.params, [Chunk(tsv.encode(), tsv.count("\n"))]
                )
            case "foreach":
                found = [str(row[0]) for row in self._run(lowered.bodies["query"])]
                assert len(found) <= lowered.max_items
                for item in found[items]:
                    self.params["item"] = item
                    self._run(lowered.bodies["body"])
            case "check":
                rows = self._run(lowered.bodies["main"])
                if rows:
                    raise Violation(*[str(cell) for cell in rows[0]])
            case _:
                body = self._named(lowered.bodies["main"])
                result = self.session.run(body, self.params)
                if lowered.captures:
                    assert len(result.rows) == 1
                    answer = dict(zip(result.columns, (str(cell) for cell in result.rows[0]), strict=True))
                    assert set(lowered.captures) <= set(answer)
                    self.params |= {name: answer[name] for name in ("fence", "partitions") if name in lowered.captures}
                    return answer
        return {}

    def guard(self, action: Action) -> str:
        lowered = self.lower(action)
        assert isinstance(lowered, Lowered)
        assert lowered.guard
        return str(self._run(lowered.guard)[0][0])

    def refused(self, action: Action) -> str:
        lowered = self.lower(action)
        assert isinstance(lowered, Unsupported), lowered
        return lowered.why

    def rows(self, what: str = "*") -> Sequence[tuple[str | None, ...]]:
        return sorted(self.sql(f"SELECT {what} FROM {self.database}.{self.table}"), key=str)

    def _run(self, body: str) -> tuple[tuple[str | None, ...], ...]:
        return self.session.run(self._named(body), self.params).rows

    def _named(self, body: str) -> str:
        # REPLACE PARTITION … FROM takes no {name:Identifier} on any server, so an executor writes identifiers in by itself.
        return _IDENTIFIER.sub(lambda hole: bind_legacy(hole[0], self.params), body)
