"""The entry points of installed distributions, read from their folders.

`importlib.metadata` gives the same and costs every compile more than the rest of our start: it imports a mail parser and opens the
metadata of each distribution. Here a folder is listed and `entry_points.txt` read, as the packaging standard lays it out:
https://packaging.python.org/en/latest/specifications/entry-points/. Where an egg or an archive may hold some of them, all is left to
`importlib.metadata`.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator
from importlib import import_module
from typing import Any

from dpone_compiler.source.value import value

_REFERENCE = re.compile(r"([\w.]+)\s*(?::\s*([\w.]+)\s*)?(?:\[.*\]\s*)?\Z")


@value
class Point:
    """One entry point. `target`: `module:attribute`, perhaps with dots in the attribute."""

    group: str
    name: str
    target: str

    def load(self) -> Any:
        """Import what it names. Raises ImportError, AttributeError, and ValueError for a target of another form."""
        found = _REFERENCE.match(self.target)
        if found is None:
            raise ValueError(f"{self.group}: {self.name} = {self.target!r} names no object")
        loaded: Any = import_module(found[1])
        for attribute in (found[2] or "").split("."):
            loaded = getattr(loaded, attribute) if attribute else loaded
        return loaded


def points(groups: Collection[str]) -> tuple[Point, ...]:
    """Those of these groups; of two distributions of one name, the first on sys.path counts."""
    places = list(dict.fromkeys(entry or "." for entry in sys.path))
    plain = all(not place.endswith(".egg") and (os.path.isdir(place) or not os.path.exists(place)) for place in places)
    found = _of_wheels(places, groups) if plain else None
    return tuple(_of_metadata(groups)) if found is None else tuple(found)


def _of_wheels(places: Collection[str], groups: Collection[str]) -> list[Point] | None:
    """None where an egg has one."""
    seen: set[str] = set()
    found: list[Point] = []
    for folder, stem, kind in ((os.path.join(p, n), *n.rpartition(".")[::2]) for p in places for n in _names(p)):
        if kind == "egg-info" and any(_read(folder, groups)):
            return None
        if kind == "dist-info" and (key := re.sub(r"[-_.]+", "-", stem.partition("-")[0]).lower()) not in seen:
            seen.add(key)
            found += _read(folder, groups)
    return found


def _names(place: str) -> list[str]:
    try:
        return sorted(os.listdir(place))
    except OSError:
        return []


def _read(folder: str, groups: Collection[str]) -> Iterator[Point]:
    try:
        with open(os.path.join(folder, "entry_points.txt"), encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[]").strip()
        elif group in groups and "=" in line and not line.startswith("#"):
            name, _, target = line.partition("=")
            yield Point(group, name.strip(), target.strip())


def _of_metadata(groups: Collection[str]) -> Iterator[Point]:
    from importlib.metadata import entry_points  # only here: see above

    for group in groups:
        yield from (Point(group, each.name, each.value) for each in entry_points(group=group))
