"""Plug-ins by entry point: backends, strategies, native paths. Lazy (a target is imported when a load needs it), sorted, and a
clash of names is an error that names both. Built-in ones enter by the same door as a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from dpone_compiler.installed import Point, points
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend
from dpone_compiler.spi.frontend import Frontend
from dpone_compiler.spi.strategy import NativePath, Strategy

BACKENDS, STRATEGIES, NATIVE = "dpone_compiler.backends", "dpone_compiler.strategies", "dpone_compiler.native"
FRONTENDS = "dpone_compiler.frontends"


class PluginClash(RuntimeError):
    """Two installed packages register the same name in the same group."""


class UnknownPlugin(KeyError):
    """No package registers that name. `known` lists those that exist."""

    def __init__(self, group: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{group} has no {name!r}; known: {', '.join(known)}")
        self.known = known


@value
class _Group:
    points: Mapping[str, Point]

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.points))


@cache
def _installed() -> Mapping[str, tuple[Point, ...]]:
    """The entry points of our groups. Once a process: every question lists the folders of sys.path."""
    groups = (BACKENDS, STRATEGIES, NATIVE, FRONTENDS)
    found = points(groups)
    return {group: tuple(point for point in found if point.group == group) for group in groups}


@cache
def _group(group: str) -> _Group:
    named: dict[str, Point] = {}
    for point in sorted(_installed().get(group, ()), key=lambda p: (p.name, p.target)):
        other = named.get(point.name)
        if other is not None and other.target != point.target:
            raise PluginClash(f"{group}: {point.name!r} is registered by {other.target} and by {point.target}")
        named[point.name] = point
    return _Group(named)


@cache
def _load(group: str, name: str) -> Any:
    known = _group(group)
    if name not in known.points:
        raise UnknownPlugin(group, name, known.names())
    return known.points[name].load()


def backend_names() -> tuple[str, ...]:
    """Names of all registered backends, sorted, none of them imported."""
    return _group(BACKENDS).names()


def backend(name: str) -> Backend:
    """The backend of that engine word. Raises UnknownPlugin."""
    loaded: Backend = _load(BACKENDS, name)
    return loaded


def strategies() -> dict[str, Strategy]:
    """All strategies by name, sorted."""
    return {name: _load(STRATEGIES, name) for name in _group(STRATEGIES).names()}


def native_paths() -> tuple[NativePath, ...]:
    """All native paths in name order."""
    return tuple(_load(NATIVE, name) for name in _group(NATIVE).names())


def frontend(form: str) -> Frontend:
    """The front end that reads files of that ending (without the dot). Raises UnknownPlugin."""
    loaded: Frontend = _load(FRONTENDS, form)
    return loaded
