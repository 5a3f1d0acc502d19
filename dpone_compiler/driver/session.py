"""One call of `dponec compile` that has something to do: compile what changed, write or check, and say what happened."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path

from dpone_compiler.artifacts.bundle import Bundle
from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics, has_errors
from dpone_compiler.diagnostics.render import RENDERERS
from dpone_compiler.driver.across import check_names
from dpone_compiler.driver.asked import request_options
from dpone_compiler.driver.cache import Keys, Store
from dpone_compiler.driver.comparing import differences, left_behind
from dpone_compiler.driver.compile import Options
from dpone_compiler.driver.inputs import find_manifests
from dpone_compiler.driver.manifest_unit import Unit, compile_unit
from dpone_compiler.driver.output import write_bundle
from dpone_compiler.driver.request import Outcome, Request
from dpone_compiler.optimizer.listeners import PrintAfter, Timing, VerifyAfter
from dpone_compiler.optimizer.manager import Listener
from dpone_compiler.source.text import SourceFile
from dpone_compiler.source.value import value


@value
class _Printed:
    """Timing of passes, when it was asked for."""

    timing: Timing | None
    options: Options


def compile_request(request: Request, store: Store | None) -> Outcome:
    """Compile, then write or check. Raises OSError when an output cannot be written; each bundle is whole or as before."""
    started = time.perf_counter()
    manifests, problems = find_manifests(request.paths)
    printed = _listen(request)
    units = _units(request, manifests, printed.options, store)
    found: list[Diagnostic] = [*problems, *(d for unit in units for d in unit.diagnostics)]
    bundles = _across(units, found)
    files = {name: file for unit in units for name, file in unit.files.items()}
    left = tuple(left_behind(request, bundles, found))
    other = tuple(differences(request, bundles)) if request.check else ()
    lines = _checked(request, bundles, other) if request.check else _write(request, bundles)
    found += [*other, *left]
    failed = has_errors(found)
    compiled = sum(unit.compiled for unit in units)
    seconds = time.perf_counter() - started
    lines.append(
        f"{_count(bundles)}, {compiled} compiled, {len(bundles) - compiled} reused, {len(manifests) / seconds:.0f} manifests/s"
    )
    if printed.timing is not None:
        lines += [f"{name}: {seconds * 1000:.1f} ms" for name, seconds in printed.timing.seconds.items()]
    return Outcome(diagnostics=_render(request.form, tuple(found), files), lines=tuple(lines), failed=failed)


def _listen(request: Request) -> _Printed:
    timing = Timing(time.perf_counter) if request.timing else None
    listeners: list[Listener] = [VerifyAfter(), *([timing] if timing else [])]
    if request.print_ir_after:
        stream = sys.stderr if request.one_document else sys.stdout
        listeners.append(PrintAfter(request.print_ir_after, stream.write))
    return _Printed(timing, replace(request_options(request), listeners=tuple(listeners)))


def _units(request: Request, manifests: tuple[Path, ...], options: Options, store: Store | None) -> list[Unit]:
    keys = Keys(request) if store else None
    work = partial(compile_unit, keys=keys, options=options, store=store)
    if request.jobs == 1 or len(manifests) < 2:
        return [work(manifest) for manifest in manifests]
    units: list[Unit] = import_module("dpone_compiler.driver.pool").map_in_pool(work, manifests, request.jobs)
    return units


def _across(units: Iterable[Unit], found: list[Diagnostic]) -> list[Bundle]:
    """Names and dependencies across files; the first load of a name keeps it."""
    loads = [load for unit in units for load in unit.loads]
    kept, problems = check_names([load.named for load in loads])
    found.extend(problems)
    return [load.bundle for load, keeps in zip(loads, kept, strict=True) if keeps and load.bundle is not None]


def _write(request: Request, bundles: list[Bundle]) -> list[str]:
    written = [(bundle, write_bundle(bundle, request.out)) for bundle in bundles]
    return [f"wrote {(request.out / bundle.name).as_posix()}" for bundle, changed in written if changed]


def _checked(request: Request, bundles: list[Bundle], other: Diagnostics) -> list[str]:
    current = len(bundles) - len(other)
    return [f"{current} of {_count(bundles)} {'is' if current == 1 else 'are'} current in {request.out.as_posix()}"]


def _count(bundles: list[Bundle]) -> str:
    return f"{len(bundles)} bundle{'' if len(bundles) == 1 else 's'}"


def _render(form: str, diagnostics: Diagnostics, files: dict[str, SourceFile]) -> str:
    return RENDERERS[form](diagnostics, files)
