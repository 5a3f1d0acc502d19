"""The one reader of YAML manifests: text to loads, or to diagnostics that say where and why not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.frontends.load_checks import check_names
from dpone_compiler.frontends.manifest.build import build_load
from dpone_compiler.frontends.manifest.forms import processes
from dpone_compiler.frontends.manifest.models.process import Process
from dpone_compiler.frontends.manifest.models.values import Known
from dpone_compiler.frontends.manifest.overrides import apply
from dpone_compiler.frontends.manifest.translate import validate
from dpone_compiler.frontends.manifest.tree import Block, text_of
from dpone_compiler.frontends.manifest.yaml_tree import read_tree
from dpone_compiler.ir.load import Load
from dpone_compiler.source.text import SourceFile

_NONE: Mapping[str, str] = MappingProxyType({})


def read_manifest(
    file: SourceFile, known: Known | None = None, overrides: Mapping[str, str] = _NONE
) -> tuple[tuple[Load, ...], Diagnostics]:
    """The loads of a manifest that have no error, in the order of the file, and everything there is to say.

    `known`: the words of this installation (None: the built-in ones). `overrides`: dotted path to text, as `--set`.
    """
    words = known or Known()
    root, found = read_tree(file)
    if root is None or found:
        return (), found
    root, found = apply(root, overrides)
    if found:
        return (), found
    blocks, found = processes(root, words)
    loads: list[Load] = []
    reports = list(found)
    for block in blocks:
        load, more = _load(block, words)
        reports.extend(more)
        if load is not None:
            loads.append(load)
    repeated = check_names(loads)
    bad = {diagnostic.load for diagnostic in repeated}
    kept = tuple(load for load in loads if load.name not in bad)
    return kept, _ordered((*reports, *repeated))


def _load(block: Block, known: Known) -> tuple[Load | None, Diagnostics]:
    name = text_of(block.get("name")) or ""
    process, found = validate(Process, block, known, load=name)
    return (None, found) if process is None else build_load(process, block)


def _ordered(found: Diagnostics) -> Diagnostics:
    """By place; what one line of defaults does wrong in many loads is said once."""
    once: dict[tuple[object, ...], Diagnostic] = {}
    for diagnostic in found:
        once.setdefault((diagnostic.problem, diagnostic.span), diagnostic)

    def key(diagnostic: Diagnostic) -> tuple[int, int, str]:
        span = diagnostic.span
        return (span.line, span.column, diagnostic.code) if span else (0, 0, diagnostic.code)

    return tuple(sorted(once.values(), key=key))
