"""A load as plain JSON values: what intent.json and fingerprints are made of. Spans are never in it."""

from __future__ import annotations

import enum
from dataclasses import fields, is_dataclass
from typing import Any

from dpone_compiler.ir.decision import Undecided

_LEFT_OUT = frozenset({"origin"})


def to_plain(value: Any) -> Any:
    """Dataclasses become objects, enums their value, tuples lists; fields that are empty in meaning stay, so that absence is
    never confused with a default. Undecided becomes null."""
    if isinstance(value, Undecided):
        return None
    if isinstance(value, enum.Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.name not in _LEFT_OUT}
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    return value
