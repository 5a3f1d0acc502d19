"""What a run holds while it lives, and gives back however it ends: the file lock, the lease and its holder session."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.resolve import ConnectionUrl
from dpone_compiler.runtime.connections.session import EngineError, Session
from dpone_compiler.runtime.lease import LEASE_SECONDS, FileLock, Heartbeat


class Holding:
    """`url`: the target's address, for the lock's key and the receipt."""

    def __init__(self, doc: PlanDoc, url: ConnectionUrl | None) -> None:
        self._doc, self.url = doc, url
        self._lock: FileLock | None = None
        self._heart: Heartbeat | None = None
        self._give_back = ""
        self._prolong: tuple[str, dict[str, str]] = ("", {})
        self._side = ""  # of the step that took the lease

    @property
    def locked(self) -> bool:
        """Whether the file lock is ours."""
        return self._lock is not None

    def lock(self, server: str) -> None:
        """Take the file lock of the target on that server ('': not known)."""
        if self.url is None or self._lock is not None:
            return
        lock = FileLock(self.url, self._table(), server)
        lock.take()
        self._lock = lock

    def hold(self, session: Session, step: StepDoc, bundle: LoadedBundle, params: Mapping[str, str]) -> None:
        """Keep the session that took the lease and prolong the lease from it."""
        seconds = float(self._doc.limits.get("lease_seconds") or LEASE_SECONDS)
        path = step.files.get("giveback", "")
        self._give_back = bundle.body(path) if path else ""
        self._side = step.side
        self._prolong = (bundle.body(step.files["heartbeat"]), dict(params))
        self._heart = Heartbeat(session, self._prolong[0], params, seconds / 3)

    def prolong(self, session: Session) -> None:
        """The last statement of a transaction that has held the row of the lease, where no beat could reach it: however long it took,
        a rival who has waited for the row finds it held."""
        if self._heart is not None and self._side == "target" and session.engine in ("postgres", "mssql"):
            session.run(*self._prolong)

    def released(self, side: str) -> None:
        """The release step is about to run: no beat after it, unless the lease is kept elsewhere and given back at the end."""
        if side != self._side:
            return
        self._give_back = ""
        self._end_heart({})

    def give_back(self, params: Mapping[str, str]) -> None:
        """However the run ended: let the next one in at once."""
        self._end_heart(params)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _end_heart(self, params: Mapping[str, str]) -> None:
        if self._heart is None:
            return
        session = self._heart.stop()
        self._heart = None
        with contextlib.suppress(EngineError):  # a session that is gone has given the lease back by being gone
            if self._give_back:
                session.run(self._give_back, params)
        with contextlib.suppress(EngineError):
            session.close()

    def _table(self) -> str:
        target = self._doc.route.get("target") or self._doc.route.get("sink") or {}
        return str(target.get("table", "")) if isinstance(target, Mapping) else str(target)
