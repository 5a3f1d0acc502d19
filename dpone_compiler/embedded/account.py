"""The account that a server runs as: ourselves, or ``nobody`` when we are root and the server refuses root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """A user id and a group id without further groups."""

    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Say whether this account may read `folder` and pass every folder above it."""
        here = folder.resolve()
        passes = all(self._allowed(each, 0o1) for each in (here, *here.parents))
        return passes and self._allowed(here, 0o4)

    def _allowed(self, folder: Path, bit: int) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & (bit << 6))
        if found.st_gid == self.gid:
            return bool(found.st_mode & (bit << 3))
        return bool(found.st_mode & bit)

    def as_popen(self) -> dict[str, Any]:
        """Keyword arguments of subprocess for a child with this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Give `folder` itself, not what it holds, to this account."""
        os.chown(folder, self.uid, self.gid)


def unprivileged() -> Account | None:
    """The account for a server that refuses to run as root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def reachable_copy(root: Path, *, parts: tuple[str, ...], key: str, account: Account | None) -> Path:
    """Give `root`, or a copy of its `parts` where `account` can read them.

    The home folder of root is often closed (0700), and so is a virtual environment in it. The copy is made once for
    `key` and put in place by one rename, so that several processes may ask at the same time.
    """
    if account is None or all(account.can_enter(root / part) for part in parts):
        return root
    wanted = Path(tempfile.gettempdir()) / f"dponec-{key}"
    if _is_ours(wanted):
        return wanted
    fresh = Path(tempfile.mkdtemp(prefix=f"dponec-{key}-"))
    for part in parts:
        shutil.copytree(root / part, fresh / part, symlinks=True)
    _open_to_all(fresh)
    try:
        fresh.rename(wanted)
    except OSError:
        # Another process was first, or a stranger holds the name: never run a stranger's binaries.
        if not _is_ours(wanted):
            return fresh
        shutil.rmtree(fresh, ignore_errors=True)
    return wanted


def _open_to_all(folder: Path) -> None:
    """Let everybody read what an owner with umask 077 unpacked for himself alone."""
    for here, _, names in os.walk(folder):
        Path(here).chmod(0o755)
        for path in (Path(here, name) for name in names):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & stat.S_IXUSR else 0o444))


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    writable_by_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not writable_by_others
