"""What loads of several files must agree on: each name once, and no dependency on a name that is nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.driver.problems import NameTaken, UnknownDependency
from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value


@value(kw_only=True)
class Named:
    """A load as other files see it. The spans of its name and of its dependencies are None when it comes from the cache."""

    name: str
    manifest: str
    depends_on: tuple[str, ...]
    name_span: Span | None
    depends_span: Span | None


def check_names(loads: Sequence[Named]) -> tuple[tuple[bool, ...], Diagnostics]:
    """For each load whether it keeps its name (the first load of a name does), and what is wrong."""
    owners: dict[str, str] = {}
    kept: list[bool] = []
    found: list[Diagnostic] = []
    for load in loads:
        kept.append(load.name not in owners)
        if load.name in owners:
            found.append(Diagnostic(NameTaken(load.name, owners[load.name]), load.name_span, load.name))
        owners.setdefault(load.name, load.manifest)
    found += (problem for load, keeps in zip(loads, kept, strict=True) if keeps for problem in _missing(load, owners))
    return tuple(kept), tuple(found)


def _missing(load: Named, owners: Iterable[str]) -> Iterable[Diagnostic]:
    return (
        Diagnostic(UnknownDependency(load.name, name), load.depends_span, load.name)
        for name in load.depends_on
        if name not in owners
    )
