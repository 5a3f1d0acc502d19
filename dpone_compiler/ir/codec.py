"""A load as plain JSON values: what intent.json and fingerprints are made of. Spans are never in it."""

from __future__ import annotations

import enum
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any

from dpone_compiler.ir.decision import Undecided

_LEFT_OUT = frozenset({"origin"})
_ATOMS = frozenset({str, int, bool, float, NoneType})
_NAMES: dict[type, tuple[str, ...] | None] = {}


def to_plain(value: Any) -> Any:
    """Dataclasses become objects, enums their value, tuples lists; fields that are empty in meaning stay, so that absence is
    never confused with a default. Undecided becomes null."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is tuple or kind is list:
        return [to_plain(item) for item in value]
    if kind is dict:
        return {str(key): to_plain(item) for key, item in value.items()}
    if kind not in _NAMES:
        _NAMES[kind] = _told(kind)
    names = _NAMES[kind]
    if names is not None:
        return {name: to_plain(getattr(value, name)) for name in names}
    return _other(value)


def _told(kind: type) -> tuple[str, ...] | None:
    """The fields of a dataclass that are told; None for every other kind."""
    if not is_dataclass(kind) or issubclass(kind, (Undecided, enum.Enum)):
        return None
    return tuple(field.name for field in fields(kind) if field.name not in _LEFT_OUT)


def _other(value: Any) -> Any:
    if isinstance(value, Undecided):
        return None
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    return value
