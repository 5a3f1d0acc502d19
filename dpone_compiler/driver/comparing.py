"""`--check`: what the output folder holds beside what the manifests give, as diagnostics, so that every format tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dpone_compiler.artifacts.bundle import Bundle
from dpone_compiler.artifacts.effects import same_effects
from dpone_compiler.artifacts.plan_codec import UnreadablePlanError, decode_plan
from dpone_compiler.diagnostics.diagnostic import Diagnostic, has_errors
from dpone_compiler.driver.orphans import orphans
from dpone_compiler.driver.output import difference
from dpone_compiler.driver.problems import BundleDiffers, BundleLeft, BundleOrphaned, BundleTextDiffers
from dpone_compiler.driver.request import Request
from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.outcome import RefusedError

_SHOWN = 5


def differences(request: Request, bundles: Sequence[Bundle]) -> Iterator[Diagnostic]:
    """Bundles of the output folder that are not what their manifests give."""
    for bundle in bundles:
        paths = difference(bundle, request.out)
        if not paths:
            continue
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        only_text = not request.strict and _same_effects(bundle, request.out)
        kind = BundleTextDiffers if only_text else BundleDiffers
        folder = (request.out / bundle.name).as_posix()
        yield Diagnostic(kind(folder, ", ".join(paths[:_SHOWN]) + more), None, bundle.name)


def left_behind(request: Request, bundles: Sequence[Bundle], found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Bundles that no load gave. A manifest with errors gives none of its loads, so then nothing is known."""
    if has_errors(found):
        return
    kind = BundleOrphaned if request.check else BundleLeft
    for name, manifest in orphans(request.paths, request.out, {bundle.name for bundle in bundles}):
        yield Diagnostic(kind((request.out / name).as_posix(), manifest), None, name)


def _same_effects(bundle: Bundle, out: Path) -> bool:
    """Only a bundle that is as it was compiled says truly what it does."""
    new = decode_plan(bundle.files["plan.json"])
    try:
        old = load_bundle(out / bundle.name).doc
        return old.compiler != new.compiler and same_effects(old, new)
    except (RefusedError, UnreadablePlanError):
        return False
