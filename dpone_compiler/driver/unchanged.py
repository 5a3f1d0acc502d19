"""The fast answer: when every manifest is in the cache without findings and every bundle is in place, nothing is to be done."""

from __future__ import annotations

from dpone_compiler.driver.cache import Keys, Store, is_current
from dpone_compiler.driver.inputs import find_manifests
from dpone_compiler.driver.request import Outcome, Request


def nothing_to_do(request: Request, store: Store) -> Outcome | None:
    """The outcome when all is current; None when a compile is needed, for whatever reason."""
    manifests, problems = find_manifests(request.paths)
    if problems:
        return None
    keys = Keys.of(request)
    names: list[str] = []
    for manifest in manifests:
        entry = store.get(keys.manifest(manifest))
        if entry is None or entry["findings"]:
            return None
        for load in entry["loads"]:
            if not is_current(request.out, load["folder"], load["digests"]):
                return None
            names.append(load["name"])
    if len(set(names)) != len(names):
        return None
    noun = "bundle is" if len(names) == 1 else "bundles are"
    return Outcome(diagnostics="", lines=(f"{len(names)} {noun} current in {request.out.as_posix()}",), failed=False)
