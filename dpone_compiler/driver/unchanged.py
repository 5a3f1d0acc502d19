"""The fast answer: when every manifest is in the cache without errors and every bundle is in place, nothing is to be done."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dpone_compiler.driver.cache import Keys, Store, is_current
from dpone_compiler.driver.inputs import find_manifests
from dpone_compiler.driver.orphans import orphans
from dpone_compiler.driver.request import Outcome, Request


def nothing_to_do(request: Request, store: Store) -> Outcome | None:
    """The outcome when all is current; None when a compile is needed, for whatever reason."""
    manifests, problems = find_manifests(request.paths)
    if problems:
        return None
    keys = Keys(request)
    names: list[str] = []
    folders: set[str] = set()
    needed: set[str] = set()
    told: list[dict[str, Any]] = []
    for manifest in manifests:
        entry = store.get(keys.manifest(manifest))
        if entry is None or entry["failed"]:
            return None
        told += entry["told"]
        for load in entry["loads"]:
            if not is_current(request.out, load["folder"], load["digests"]):
                return None
            names.append(load["name"])
            folders.add(load["folder"])
            needed.update(load["depends_on"])
    if len(set(names)) != len(names) or not needed <= set(names):
        return None
    if orphans(request.paths, request.out, folders):
        return None
    noun = "bundle is" if len(names) == 1 else "bundles are"
    line = f"{len(names)} {noun} current in {request.out.as_posix()}"
    return Outcome(diagnostics=_again(told, request.form), lines=(line,), failed=False)


def _again(told: list[dict[str, Any]], form: str) -> str:
    """The warnings of the last compile, said again. What renders them is imported when there are any."""
    if not told and form in ("text", "concise", "github"):
        return ""
    told_again: str = import_module("dpone_compiler.driver.remembered").render_again(told, form)
    return told_again
