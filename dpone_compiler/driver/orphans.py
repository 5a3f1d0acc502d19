"""Bundles whose load is gone: `dponec run FOLDER` would still run them.

sourcemap.json says which manifest a bundle came from. A bundle of a manifest that was not asked for is nobody's business here,
so only a folder that was given whole can show that a load of it is gone. Imported by the fast answer, so it stays light.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from dpone_compiler.artifacts.bundle import SOURCEMAP


def orphans(paths: Iterable[Path], out: Path, given: Collection[str]) -> tuple[tuple[str, str], ...]:
    """(bundle folder, its manifest) of the bundles below `out` that come from the given folders and that no load gave, sorted."""
    folders = {path.resolve() for path in paths if path.is_dir()}
    if not folders or not out.is_dir():
        return ()
    return tuple(_orphans(folders, out, given))


def _orphans(folders: Collection[Path], out: Path, given: Collection[str]) -> Iterator[tuple[str, str]]:
    for plan in sorted(out.glob("*/plan.json")):
        folder = plan.parent
        if folder.name in given or folder.name.startswith("."):
            continue
        manifest = _manifest(folder / SOURCEMAP)
        if manifest and Path(manifest).resolve().parent in folders:
            yield folder.name, manifest


def _manifest(sourcemap: Path) -> str:
    """The manifest that a bundle came from; '' when its source map does not say so."""
    try:
        place = json.loads(sourcemap.read_bytes())["files"]["plan.md"]["manifest"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return place.rsplit(":", 2)[0] if isinstance(place, str) else ""
