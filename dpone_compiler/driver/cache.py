"""The compile cache, by content. Two levels: a manifest file with everything beside it, and one load with the facts it used.

Level 1 is keyed by bytes (manifest, catalog files, policies, past runs, overrides) and by this installation, so that an unchanged compile
answers without importing a parser. Level 2 is keyed by meaning (the load's IR, the catalog extract it used, the policy), so that a
change of one table in a snapshot recompiles the loads that use it and no other. A cache that cannot be written is no cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dpone_compiler import __version__
from dpone_compiler.driver.inputs import catalog_files, catalog_folder, run_files, shown_place
from dpone_compiler.driver.request import Request
from dpone_compiler.source.value import value

_ENTRY = 3  # raise when the form of an entry changes


@value
class Store:
    """A folder of JSON entries by key, each after a digest of itself. Every failure to read or write counts as a miss."""

    folder: Path

    def get(self, key: str) -> dict[str, Any] | None:
        """The entry, or None."""
        try:
            digest, _, payload = (self.folder / key[:2] / key).read_bytes().partition(b"\n")
        except OSError:
            return None
        if hashlib.sha256(payload).hexdigest().encode() != digest:
            return None
        entry: dict[str, Any] = json.loads(payload)
        return entry

    def put(self, key: str, entry: dict[str, Any]) -> None:
        """Write the entry whole or not at all."""
        folder = self.folder / key[:2]
        # A message may quote a name that is no Unicode; json.loads takes its bytes back the same way.
        payload = json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=folder)
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload)
            os.replace(name, folder / key)
        except OSError:
            return


def open_store() -> Store:
    """DPONEC_CACHE_DIR, else the user's cache folder."""
    named = os.environ.get("DPONEC_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Store(Path(named) if named else Path(base) / "dponec")


@cache
def installation_digest() -> str:
    """Once a process. Changes with our own code (also in an editable checkout), the Python version and any installed distribution."""
    digest = hashlib.sha256(f"{_ENTRY} {__version__} {sys.version_info[:3]}".encode())
    package = Path(__file__).parent.parent
    roots = (package, package.parent / "grammar", package.parent / "templates")
    for root in roots:
        for name, size, modified in sorted(_stat(str(root))):
            digest.update(f"{name}\0{size}\0{modified}\n".encode())
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        digest.update("\n".join(sorted(name for name in names if name.endswith(".dist-info"))).encode())
    return digest.hexdigest()


def _stat(folder: str) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                yield from _stat(entry.path)
        elif entry.name.endswith((".py", ".lark", ".frame", ".json", ".dpone")):
            info = entry.stat()
            yield entry.path, info.st_size, info.st_mtime_ns


class Keys:
    """Level-1 keys of one request; what is shared by its manifests is read and hashed once."""

    def __init__(self, request: Request) -> None:
        shared = hashlib.sha256(installation_digest().encode())
        for path in request.policies:
            shared.update(b"policy" + _bytes(path))
        shared.update(b"costs" + (_bytes(request.costs) if request.costs else b""))
        runs = (part for path in run_files(request.runs) for part in (os.fsencode(path.parent.name), _bytes(path)))
        shared.update(b"runs" + _digest(runs).encode())
        shared.update(json.dumps(sorted(request.overrides.items())).encode())
        self.request = request
        self._shared = shared.hexdigest()
        self._folders: dict[Path | None, str] = {}

    def manifest(self, path: Path) -> str:
        """The key of one manifest file. Its name is part of it, because diagnostics and source maps show it."""
        folder = self.request.catalog or catalog_folder(path)
        if folder not in self._folders:
            self._folders[folder] = _digest(_bytes(file) for file in catalog_files(folder))
        names = f"{path.as_posix()}\0{shown_place(path.as_posix())}".encode("utf-8", "surrogateescape")
        return _digest((self._shared.encode(), self._folders[folder].encode(), names, _bytes(path)))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        return f"unreadable {error.errno}".encode()


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def is_current(out: Path, folder: str, digests: dict[str, str]) -> bool:
    """True when the folder holds exactly these files with these digests."""
    root = out / folder
    there: set[str] = set()
    for base, _, names in os.walk(root):
        there.update(os.path.relpath(os.path.join(base, name), root) for name in names)
    if there != set(digests):
        return False
    return all(hashlib.sha256((root / path).read_bytes()).hexdigest() == digest for path, digest in digests.items())
