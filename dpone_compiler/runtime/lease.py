"""Who may load: the holder session that prolongs the lease, and the file lock for targets that know no leases."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from dpone_compiler.runtime.connections.resolve import ConnectionUrl
from dpone_compiler.runtime.connections.session import EngineError, Session
from dpone_compiler.runtime.outcome import TRANSIENT, RefusedError

LEASE_SECONDS = 60


class Heartbeat:
    """A thread with a session of its own. That the session exists tells others that we live; the beats prolong the lease.

    A beat that finds the row locked (by our own transaction) skips it, and one that waited in vain is followed by the next. A beat
    that fails for good ends the thread: the fence of the next transaction decides whether the lease is still ours, so nothing is
    lost by waiting for it.
    """

    def __init__(self, session: Session, body: str, params: Mapping[str, str], every: float) -> None:
        self._session, self._body, self._params, self._every = session, body, dict(params), every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="dponec-lease", daemon=True)
        self.failure: EngineError | None = None
        self._thread.start()

    def _beat(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._session.run(self._body, self._params)
            except EngineError as error:
                self.failure = error
                if not error.transient or error.unreachable:
                    return

    def stop(self) -> Session:
        """End the thread; the session is the caller's again."""
        self._stop.set()
        self._thread.join()
        return self._session


class FileLock:
    """Lock files of a target in the user's folders, run.sh's too; the kernel frees them when we die.

    `server` (of `server_of`): native and HTTP reach the same ClickHouse by two ports, and two servers of one host differ in their
    ports alone. So the address with its port is locked, and the server itself; where it is not known, the address without its port.
    """

    def __init__(self, url: ConnectionUrl, table: str, server: str = "") -> None:
        host, path = url.host or "", url.path.rstrip("/")
        reached = _digest(server, table) if server else _digest(host, "", path, table)
        keys = dict.fromkeys((_digest(host, str(url.port or ""), path, table), reached))
        self.paths = tuple(folder / f"{key}.lock" for folder in _folders() for key in keys)
        self._files: list[int] = []

    def take(self) -> None:
        """Lock, or say who has it."""
        for path in self.paths:
            self._files.append(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            try:
                fcntl.flock(self._files[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self._files[-1], 20, 0).decode("ascii", "replace").strip() or "unknown"
                self.release()
                message = f"process {holder} on this host is loading the same target"
                raise RefusedError("DP413", message, exit_code=TRANSIENT, retryable=True) from None
            os.ftruncate(self._files[-1], 0)
            os.pwrite(self._files[-1], str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Unlock. The files stay: removing one would let two processes lock two files of one name."""
        while self._files:
            os.close(self._files.pop())


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _folders() -> tuple[Path, ...]:
    """Where the files are, as run.sh has them too. Cron has no XDG_RUNTIME_DIR and a login shell has, so both places are locked."""
    base = os.environ.get("XDG_RUNTIME_DIR") or ""
    folders = [Path(os.environ.get("TMPDIR") or "/tmp") / f"dponec-{os.getuid()}"]
    if base and os.access(base, os.W_OK):
        folders.append(Path(base) / "dponec")
    for folder in folders:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        if folder.stat().st_uid != os.getuid():
            raise RefusedError("DP433", f"{folder} belongs to another user; locks in it prove nothing")
    return tuple(folders)
