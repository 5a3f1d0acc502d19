"""A crash without a process: at a named moment every connection of the run is gone, as after SIGKILL of the runner."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.connections.session import Chunk, EngineError, Result, RowStream, Session
from dpone_compiler.runtime.faults import Faults
from dpone_compiler.source.value import value

LOST, MIDWAY, COMMITTED = "the answer was lost", "in the middle", "after the commit"


@value
class Point:
    """A moment of a run: `how`, and the step or transaction it is about."""

    how: str
    name: str

    def __str__(self) -> str:
        return f"{self.name}, {self.how}"


def points_of(doc: PlanDoc) -> tuple[Point, ...]:
    """Every step after its statement, streams and loops also in the middle, and every transaction after its commit."""
    found: list[Point] = []
    for index, step in enumerate(doc.steps):
        if step.op in ("transfer", "foreach"):
            found.append(Point(MIDWAY, step.id))
        found.append(Point(LOST, step.id))
        later = doc.steps[index + 1 :]
        if step.transaction and all(each.transaction != step.transaction for each in later):
            found.append(Point(COMMITTED, step.transaction))
    return tuple(found)


class Cut(Faults):
    """Cuts a run at one point, once. `landed`: it came there."""

    def __init__(self, point: Point) -> None:
        super().__init__()
        self._where = point
        self._armed = self.landed = False
        self._sessions: list[_Cuttable] = []

    def wrap(self, session: Session) -> Session:
        """A session that dies with the run."""
        made = _Cuttable(session, self._after_statement)
        self._sessions.append(made)
        return made

    def at(self, point: str, name: str) -> None:
        """The runner passes a point."""
        if name != self._where.name:
            return
        if self._where.how == LOST:
            if self._armed and point in ("after-commit", "before-journal"):
                self._cut()  # a step without a statement
            self._armed = point == "before"
        elif self._where.how == COMMITTED and point == "after-commit":
            self._cut()

    def inside(self, name: str) -> None:
        """Nothing: a statement that is under way is cut after it."""

    def rows(self, name: str, rows: int) -> None:
        """Rows or items of a step have passed."""
        if (self._where.how, self._where.name) == (MIDWAY, name) and rows:
            self._cut()

    def _after_statement(self) -> None:
        if self._armed:
            self._cut()

    def _cut(self) -> None:
        self._armed = False
        if self.landed:
            return
        self.landed = True
        for session in self._sessions:
            session.die()
        raise _gone()


def _gone() -> EngineError:
    return EngineError("", "the connection was cut on purpose", transient=True, unreachable=True)


class _Cuttable:
    """A session that can die."""

    def __init__(self, inner: Session, after: Callable[[], None]) -> None:
        self._inner, self._after, self._dead = inner, after, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def engine(self) -> str:
        return self._inner.engine

    def die(self) -> None:
        """Hang up: the server rolls back whatever is open."""
        self._dead = True
        with contextlib.suppress(EngineError):
            self._inner.close()

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        self._alive()
        result = self._inner.run(body, params)
        self._after()
        return result

    def begin(self, *, snapshot: bool = False) -> None:
        self._alive()
        self._inner.begin(snapshot=snapshot)

    def commit(self) -> None:
        self._alive()
        self._inner.commit()

    def rollback(self) -> None:
        self._alive()
        self._inner.rollback()

    def copy_out(self, body: str, params: Mapping[str, str]) -> RowStream:
        self._alive()
        return self._inner.copy_out(body, params)

    def copy_in(self, body: str, params: Mapping[str, str], chunks: Iterable[Chunk]) -> int:
        self._alive()
        taken = self._inner.copy_in(body, params, chunks)
        self._after()
        return taken

    def cancel(self) -> None:
        if not self._dead:
            self._inner.cancel()

    def close(self) -> None:
        if not self._dead:
            self._inner.close()

    def _alive(self) -> None:
        if self._dead:
            raise _gone()
