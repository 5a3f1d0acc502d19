"""The two sides of `dponec diff`: bundles on disk, or those of a git revision, taken out into a folder of their own."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from dpone_compiler.artifacts.difference import Side
from dpone_compiler.artifacts.effects import resync_steps
from dpone_compiler.artifacts.plan_codec import UnreadablePlanError
from dpone_compiler.runtime.bundle import PLAN, LoadedBundle, find_bundles, load_bundle
from dpone_compiler.runtime.outcome import RefusedError

GIT = "git:"


class SideError(Exception):
    """A side that cannot be had; the message says why."""


def sides(first: str, second: str, scratch: Path) -> tuple[Mapping[str, Side], Mapping[str, Side]]:
    """Plans by load name. `git:REV` is the other side's path at that revision, `git:REV:PATH` any path from the root of the repository.

    Two single bundles are compared whatever their loads are called. Raises SideError; RefusedError when a bundle is not as compiled.
    """
    one, other = (
        _folder(here, there, scratch / name) for here, there, name in ((first, second, "a"), (second, first, "b"))
    )
    if _is_bundle(one) and _is_bundle(other):
        (left,), (right,) = _read(one).values(), _read(other).values()
        return {right.doc.name: left}, {right.doc.name: right}
    in_git = first.startswith(GIT) or second.startswith(GIT)
    found = _read(one, may_lack=in_git), _read(other, may_lack=in_git)
    if not any(found):
        raise SideError(f"neither {first} nor {second} holds a bundle")
    return found


def _is_bundle(folder: Path) -> bool:
    return (folder / PLAN).is_file()


def _read(folder: Path, *, may_lack: bool = False) -> dict[str, Side]:
    if may_lack and not folder.exists():  # not yet at that revision, or no more
        return {}
    loaded = (load_bundle(each) for each in find_bundles(folder))
    return {bundle.doc.name: _side(bundle) for bundle in loaded}


def _side(bundle: LoadedBundle) -> Side:
    try:
        return Side(doc=bundle.doc, resync=resync_steps(bundle.doc), bodies=bundle.bodies)
    except UnreadablePlanError as error:
        raise RefusedError("DP702", f"{bundle.folder / PLAN}: {error}") from None


def _folder(given: str, other: str, scratch: Path) -> Path:
    if not given.startswith(GIT):
        return Path(given)
    revision, colon, inside = given.removeprefix(GIT).partition(":")
    if not revision or revision.startswith("-"):
        raise SideError(f"{given}: git:REV or git:REV:PATH, where REV is a commit, a branch or a tag")
    if colon:
        root = _root(Path())
    elif other.startswith(GIT):
        raise SideError(f"{given}: of which folder? Say git:REV:PATH where both sides are revisions")
    else:
        root = _root(Path(other))
        inside = Path(other).resolve().relative_to(root).as_posix()
    return _taken_out(root, revision, inside, scratch)


def _root(path: Path) -> Path:
    """Of the repository that the path lies in, which need not be there any more."""
    there = next(folder for folder in (path.resolve(), *path.resolve().parents) if folder.is_dir())
    return Path(_git(there, "rev-parse", "--show-toplevel").decode().removesuffix("\n")).resolve()


def _taken_out(root: Path, revision: str, inside: str, scratch: Path) -> Path:
    commit = _git(
        root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", why=f"git has no revision {revision!r}"
    )
    name = commit.decode().strip()
    if not _git(root, "ls-tree", name, "--", inside):
        return scratch  # which nobody has made
    with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", "--format=tar", name, "--", inside))) as archive:
        for member in archive:
            held = archive.extractfile(member) if member.isfile() else None
            if held is not None and ".." not in PurePosixPath(member.name).parts:
                (scratch / member.name).parent.mkdir(parents=True, exist_ok=True)
                (scratch / member.name).write_bytes(held.read())
    return scratch / inside


def _git(folder: Path, *words: str, why: str = "") -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except FileNotFoundError:
        raise SideError("git: is for a machine with git on PATH") from None
    if done.returncode:
        raise SideError(why or done.stderr.decode("utf-8", "replace").strip())
    return done.stdout
