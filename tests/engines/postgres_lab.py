"""Loads and plans built by hand, and an executor of a page: what the tests of the Postgres backend stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from dpone_compiler.backends.postgres import BACKEND
from dpone_compiler.ir.load import Cursor, Decisions, Endpoint, Load, MovedColumn, Policies, Read, Write
from dpone_compiler.ir.schema import Column, TableRef
from dpone_compiler.plan.actions import (
    AcquireLease,
    Action,
    CreateStaging,
    OpenAttempt,
    ReadState,
    Selection,
    Staging,
    Transfer,
)
from dpone_compiler.plan.step import Contract, Guard, Idempotency, Plan, Step
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import ConnectionUrl
from dpone_compiler.runtime.connections.session import Chunk, EngineError, Session
from dpone_compiler.spi.backend import Context, Facts, Lowered
from tests.engine_fixtures import FreshDatabase

RUN = "11111111-1111-1111-1111-111111111111"
OTHER_RUN = "22222222-2222-2222-2222-222222222222"
NO_FACTS = Facts(source_engine=None, source_table=None, target_engine=None, target_table=None)
CONTRACT = Contract(
    atomicity="", replay="", deletes="", late_data="", null_keys="", staging_duplicates="", concurrency=""
)


def column(name: str, native: str, **more: bool) -> Column:
    return Column(name=name, type=BACKEND.parse_type(native), native=native, **more)


def same(*columns: Column) -> tuple[MovedColumn, ...]:
    return tuple(MovedColumn(source=c, target=c) for c in columns)


def a_load(
    moved: tuple[MovedColumn, ...],
    source: TableRef,
    target: TableRef,
    *,
    name: str = "orders",
    policies: Policies = Policies(),  # noqa: B008 - frozen
    cursor: Cursor | None = None,
    staging_schema: str = "",
    state_schema: str = "",
) -> Load:
    return Load(
        name=name,
        read=Read(endpoint=Endpoint(engine="postgres", connection="src", table=source), cursor=cursor),
        write=Write(
            endpoint=Endpoint(engine="postgres", connection="dst", table=target),
            policies=policies,
            staging_schema=staging_schema,
            state_schema=state_schema,
        ),
        decisions=Decisions(columns=moved),
    )


def a_plan(*actions: Action) -> Plan:
    steps = tuple(
        Step(
            id=f"s{number}",
            action=action,
            purpose="",
            why="",
            after=(),
            idempotency=Idempotency.IDEMPOTENT,
            guard=Guard(kind="rerun"),
        )
        for number, action in enumerate(actions)
    )
    return Plan(load="orders", steps=steps, contract=CONTRACT)


def a_context(load: Load, *actions: Action, facts: Facts = NO_FACTS) -> Context:
    return Context(load=load, facts=facts, plan=a_plan(*actions), source=BACKEND, sink=BACKEND)


@dataclass
class Lab:
    """Two sessions and the run's parameters; every step goes through the backend as a plan would take it."""

    context: Context
    source: Session
    target: Session
    url: str = ""
    values: dict[str, str] = field(default_factory=lambda: {"run_id": RUN, "fingerprint": "f", "watermark": ""})

    def setup(self) -> None:
        for file in BACKEND.setup(self.context):
            if file.side == "target":
                self.target.run(file.body.split("-- psql -v")[0], {})

    def step(self, action: Action) -> Step:
        planned = next((step for step in self.context.plan.steps if step.action == action), None)
        return planned or a_plan(action).steps[0]

    def lower(self, action: Action, *, source: bool = False) -> Lowered:
        lower = BACKEND.lower_source if source else BACKEND.lower_sink
        lowered = lower(self.context, self.step(action))
        assert isinstance(lowered, Lowered), lowered
        return lowered

    def on_source(self, *actions: Action) -> None:
        for action in actions:
            self._run(self.source, self.lower(action, source=True))

    def on_target(self, *actions: Action) -> None:
        for action in actions:
            self._run(self.target, self.lower(action))

    def in_transaction(self, *actions: Action) -> None:
        self.target.begin()
        try:
            self.on_target(*actions)
        except BaseException:
            self.target.rollback()
            raise
        self.target.commit()

    def transfer(self, action: Action, change: Callable[[bytes], bytes] = lambda data: data) -> int:
        extract, load = self.lower(action, source=True), self.lower(action)
        rows = self.source.copy_out(extract.bodies["extract"], self.params(extract))
        chunks: Iterable[Chunk] = (Chunk(change(chunk.data), chunk.rows) for chunk in rows)
        return self.target.copy_in(load.bodies["load"], self.params(load), chunks)

    def params(self, lowered: Lowered) -> Mapping[str, str]:
        return {name: self.values.get(name, "") for name in lowered.params}

    def guard(self, action: Action) -> str | None:
        rows = self.target.run(self.lower(action).guard, self.values).rows
        assert len(rows) == 1
        return rows[0][0]

    def _run(self, session: Session, lowered: Lowered) -> None:
        result = session.run(lowered.bodies["main"], self.params(lowered))
        if lowered.op == "query":
            assert len(result.rows) == 1, result
            row = dict(zip(result.columns, result.rows[0], strict=True))
            self.values.update({name: row[name] or "" for name in lowered.captures})


def connect(url: str) -> Session:
    return open_session(ConnectionUrl("test", "postgresql", url))


def stage(lab: Lab, selection: Selection, staging: Staging, wire: str = "text") -> None:
    lab.on_target(CreateStaging(staging=staging))
    lab.transfer(Transfer(selection=selection, staging=staging, wire=wire))


def opened(lab: Lab) -> None:
    lab.on_target(ReadState(), AcquireLease(), OpenAttempt())


def refused(code: str, run: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as caught:
        run()
    assert caught.value.code == code, caught.value
    return str(caught.value)


def labs(fresh: FreshDatabase, source: TableRef, target: TableRef) -> Iterator[Callable[..., Lab]]:
    """Build labs in databases of their own; close them at the end."""
    made: list[Lab] = []

    def build(ddl: str, moved: tuple[MovedColumn, ...], *actions: Action) -> Lab:
        url = fresh()
        made.append(Lab(a_context(a_load(moved, source, target), *actions), connect(url), connect(url), url))
        made[-1].target.run(ddl, {})
        made[-1].setup()
        return made[-1]

    yield build
    for lab in made:
        lab.source.close()
        lab.target.close()
