"""Hints of a load from elsewhere than its manifest, with who gave them: flags win over the manifest, past runs fill its gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from dpone_compiler.ir.load import HINTED, Load
from dpone_compiler.policy.facts import FactSource

Told = Mapping[str, float | None]
_COUNTS = ("rows", "bytes")


def with_hints(load: Load, told: Told, whence: FactSource) -> Load:
    """The load with the hints that were told (any of HINTED); None leaves what it has."""
    given = {name: value for name in HINTED if (value := told.get(name)) is not None}
    if not given:
        return load
    whole: dict[str, Any] = {name: int(value) if name in _COUNTS else value for name, value in given.items()}
    sources = {**load.origin.told, **dict.fromkeys(given, whence.value)}
    return replace(
        load, hints=replace(load.hints, **whole), origin=replace(load.origin, told=MappingProxyType(sources))
    )


def with_gaps_filled(load: Load, told: Told, whence: FactSource) -> Load:
    """The same, of those hints alone that the load does not have."""
    return with_hints(load, {name: value for name, value in told.items() if getattr(load.hints, name) is None}, whence)
