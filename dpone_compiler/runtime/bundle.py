"""Load a bundle: verify the fingerprint of plan.json and the digest of every file that it lists, hold the bodies.

Bodies are read once, here, from the very bytes that were verified: a file changed during the run changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dpone_compiler.artifacts.plan_codec import UnreadablePlanError, is_as_compiled, parse_plan, plan_doc
from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.outcome import RefusedError

PLAN = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedBundle:
    """A verified bundle. `bodies`: relative path -> text."""

    folder: Path
    doc: PlanDoc
    bodies: Mapping[str, str]

    def body(self, path: str) -> str:
        """The text of a file that the plan names."""
        try:
            return self.bodies[path]
        except KeyError:
            raise RefusedError("DP703", f"plan.json names {path!r}, which its `files` does not list") from None


def load_bundle(folder: Path) -> LoadedBundle:
    """Read and verify. Raises RefusedError: DP702 unreadable plan, DP703 missing file, DP701 changed file."""
    plan = folder / PLAN
    try:
        text = plan.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise RefusedError("DP702", f"{folder} is not a bundle: it has no {PLAN}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError("DP702", f"{plan} cannot be read: {error}") from None
    try:
        raw = parse_plan(text)
        if not is_as_compiled(raw):
            raise RefusedError(
                "DP701", f"{plan} is not the plan that was compiled (its fingerprint differs); compile the load again"
            )
        doc = plan_doc(raw)
    except UnreadablePlanError as error:
        raise RefusedError("DP702", f"{plan}: {error}") from None
    bodies = {path: _verified(folder, path, digest) for path, digest in sorted(doc.files.items())}
    return LoadedBundle(folder=folder, doc=doc, bodies=bodies)


def find_bundles(path: Path) -> tuple[Path, ...]:
    """`path` itself when it is a bundle, otherwise the bundles right below it, sorted. Raises RefusedError on none."""
    if (path / PLAN).is_file():
        return (path,)
    found = tuple(sorted(plan.parent for plan in path.glob(f"*/{PLAN}"))) if path.is_dir() else ()
    if not found:
        raise RefusedError("DP702", f"no bundle at {path}: neither {path / PLAN} nor a folder below it with one")
    return found


def _verified(folder: Path, path: str, digest: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise RefusedError("DP703", f"plan.json lists {path!r}, which points out of the bundle")
    try:
        data = (folder / pure).read_bytes()
    except OSError as error:
        raise RefusedError("DP703", f"{folder / pure}: {error.strerror or error}; compile the load again") from None
    if hashlib.sha256(data).hexdigest() != digest.removeprefix("sha256:"):
        raise RefusedError(
            "DP701", f"{folder / pure} is not the file that was compiled (sha256 differs); review it and compile again"
        )
    return data.decode("utf-8", "surrogateescape")
