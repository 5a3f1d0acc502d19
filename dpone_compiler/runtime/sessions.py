"""The open sessions of a run: source, target, and the holder of the lease; and which of them is in a transaction."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.artifacts.session_settings import OVERFLOWS, SESSION_LIMITS
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import ConnectionUrl, check_clashes, resolve_connection
from dpone_compiler.runtime.connections.session import EngineError, Session
from dpone_compiler.runtime.outcome import RefusedError

if TYPE_CHECKING:
    from dpone_compiler.runtime.connections.postgres_replication import ExportedSnapshot

_TAKE = "SET TRANSACTION SNAPSHOT ':name'"
_SNAPSHOT = re.compile(r"[0-9A-Fa-f-]+")
Opener = Callable[[str], Session]

_ALWAYS = {"clickhouse": {f"{name}_overflow_mode": "throw" for name in OVERFLOWS}}


def engine_opener(doc: PlanDoc, environ: Mapping[str, str], file: Path | None) -> Opener:
    """Opens connections by id: the URL from the environment or the file, with the plan's limits as session settings."""
    engines = {step.connection: step.engine for step in doc.steps if step.connection}
    check_clashes(engines)

    def open_one(connection_id: str) -> Session:
        names = SESSION_LIMITS.get(engines.get(connection_id, ""), ())
        limits = {name: f"{doc.limits[name]}s" for name in names if doc.limits.get(name)}
        always = _ALWAYS.get(engines.get(connection_id, ""), {})
        return open_session(resolve(connection_id, environ, file), limits={**always, **limits})

    return open_one


def resolve(connection_id: str, environ: Mapping[str, str], file: Path | None) -> ConnectionUrl:
    """The URL of a connection; `connections.yaml` of the current folder is read when no file is named."""
    return resolve_connection(connection_id, environ=environ, file=file if file is not None else Path.cwd())


class Sessions:
    """Opened on first use, closed together."""

    def __init__(self, doc: PlanDoc, opener: Opener) -> None:
        self._opener = opener
        self._ids = _connections(doc)
        self._open: dict[str, Session] = {}
        self._groups: dict[str, str] = {}  # side -> name of the transaction or snapshot that is open
        self._exported: ExportedSnapshot | None = None

    def on(self, side: str) -> Session:
        """The session of `source`, `target`, `lock`, `holder` (a second one of the target) or `feed` (of the source)."""
        if side not in self._open:
            connection = self._ids.get({"holder": "target", "feed": "source"}.get(side, side), "")
            if not connection:
                raise RefusedError("DP702", f"the plan names no connection for its {side}")
            self._open[side] = self._opener(connection)
        return self._open[side]

    def connection_id(self, side: str) -> str:
        """The id of a side's connection."""
        return self._ids.get(side, "")

    def group(self, side: str) -> str:
        """The group that is open on a side, or ''."""
        return self._groups.get(side, "")

    def begin(self, side: str, name: str) -> None:
        """Open a transaction on the target, or a snapshot on the source, unless it is open."""
        if self.group(side) != name:
            self.on(side).begin(snapshot=side == "source")
            self._groups[side] = name
            if side == "source" and self._exported is not None:
                # Before any query: https://www.postgresql.org/docs/current/sql-set-transaction.html
                self.on(side).run(_TAKE.replace(":name", self._exported.name), {})

    def export(self, body: str) -> int:
        """Export a snapshot of the source for the groups that follow, and give its position in the WAL."""
        session = self.on("source")
        exporter = getattr(session, "export_snapshot", None)
        if exporter is None:
            raise RefusedError("DP702", f"a {session.engine} source exports no snapshot")
        self._let_go()
        self._exported = exporter(body)
        assert self._exported is not None
        if not _SNAPSHOT.fullmatch(self._exported.name):
            raise RefusedError("DP702", "the server gave a snapshot without a usable name")
        return self._exported.position

    def _let_go(self) -> None:
        if self._exported is not None:
            self._exported.close()
            self._exported = None

    def commit(self, side: str) -> None:
        """Close the group."""
        self.on(side).commit()
        del self._groups[side]
        if side == "source":
            self._let_go()

    def roll_back(self) -> None:
        """Leave every open group. A session that is gone has rolled back by itself."""
        for side in tuple(self._groups):
            with contextlib.suppress(EngineError):
                self._open[side].rollback()
            del self._groups[side]

    def detach(self, side: str) -> Session | None:
        """Hand a session over to another owner."""
        return self._open.pop(side, None)

    def close(self) -> None:
        """Close all."""
        self._let_go()
        for session in self._open.values():
            with contextlib.suppress(EngineError):
                session.close()
        self._open.clear()


def _connections(doc: PlanDoc) -> dict[str, str]:
    found: dict[str, str] = {}
    for step in doc.steps:
        if step.side in ("source", "target", "lock") and _names_one(step):
            found.setdefault(step.side, step.connection)
    if doc.state.get("connection"):
        found.setdefault("target", doc.state["connection"])
    for side in ("source", "target"):  # a plan whose only source step is a transfer says it in its route
        route = doc.route.get(side) or (doc.route.get("sink") if side == "target" else None)
        if isinstance(route, Mapping) and route.get("connection"):
            found.setdefault(side, str(route["connection"]))
    return found


def _names_one(step: StepDoc) -> bool:
    return bool(step.connection) and step.op != "transfer"
