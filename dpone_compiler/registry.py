"""Plug-ins by entry point: backends, strategies, native paths. Lazy (a target is imported when a load needs it), sorted, and a
clash of names is an error that names both. Built-in ones enter by the same door as a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

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
    points: Mapping[str, EntryPoint]

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.points))


@cache
def _installed() -> Mapping[str, tuple[EntryPoint, ...]]:
    """The entry points of our groups. Once a process: every question reads the metadata of every installed distribution."""
    found = entry_points()
    return {group: tuple(found.select(group=group)) for group in (BACKENDS, STRATEGIES, NATIVE, FRONTENDS)}


@cache
def _group(group: str) -> _Group:
    points: dict[str, EntryPoint] = {}
    for point in sorted(_installed().get(group, ()), key=lambda p: (p.name, p.value)):
        other = points.get(point.name)
        if other is not None and other.value != point.value:
            raise PluginClash(f"{group}: {point.name!r} is registered by {other.value} and by {point.value}")
        points[point.name] = point
    return _Group(points)


@cache
def _load(group: str, name: str) -> Any:
    points = _group(group).points
    if name not in points:
        raise UnknownPlugin(group, name, _group(group).names())
    return points[name].load()


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


def plugin_versions() -> tuple[tuple[str, str], ...]:
    """(entry point, distribution and version) of every registered plug-in: part of the cache key of a compile."""
    found = set()
    for group in (BACKENDS, STRATEGIES, NATIVE, FRONTENDS):
        for point in _installed().get(group, ()):
            dist = point.dist
            found.add((f"{group}:{point.name}={point.value}", f"{dist.name} {dist.version}" if dist else ""))
    return tuple(sorted(found))
