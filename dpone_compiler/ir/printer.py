"""A load as an indented text for people: one line a field that is not at its default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.load import Load


def print_load(load: Load) -> str:
    """The load as text, deterministic, ending with a newline."""
    return "\n".join(_lines(to_plain(load), 0)) + "\n"


def _lines(value: dict[str, Any], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for key, item in value.items():
        if item in (None, "", [], {}):
            continue
        if isinstance(item, dict):
            yield f"{pad}{key}:"
            yield from _lines(item, depth + 1)
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            yield f"{pad}{key}:"
            for number, element in enumerate(item):
                yield f"{pad}  [{number}]"
                yield from _lines(element, depth + 2)
        else:
            yield f"{pad}{key}: {item!r}"
