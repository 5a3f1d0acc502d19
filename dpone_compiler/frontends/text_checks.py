"""Text that no engine and no file can hold: U+0000, and half a surrogate pair (not UTF-8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.frontends.problems import TextNotUsable
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.load import Load

# Where front ends keep the places of these parts; the first prefix that fits is taken.
_PLACES = (
    ("read.endpoint.table", "source.table"),
    ("read.endpoint", "source.connection_id"),
    ("read.declared", "source.columns"),
    ("read.scope", "sink.strategy"),
    ("read", "source"),
    ("write.endpoint.table", "sink.table"),
    ("write.endpoint", "sink.connection_id"),
    ("write.key", "sink.strategy.unique_key"),
    ("write.partition", "sink.strategy.partition"),
    ("write", "sink"),
)


def text_problems(load: Load) -> Iterator[tuple[str, Problem]]:
    """The first text of the load that cannot be written anywhere, with its place."""
    for path, text in _texts(to_plain(load), ""):
        if fault := _fault(text):
            yield _place(path), TextNotUsable(_shown(text), fault)
            return


def _texts(plain: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(plain, str):
        yield path, plain
    elif isinstance(plain, dict):
        for name, inner in plain.items():
            yield from _texts(inner, f"{path}.{name}" if path else name)
    elif isinstance(plain, list):
        for index, inner in enumerate(plain):
            yield from _texts(inner, f"{path}.{index}")


def _fault(text: str) -> str:
    if "\0" in text:
        return "it has the character U+0000"
    return "" if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text) else "it is not Unicode"


def _shown(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")[:80]


def _place(path: str) -> str:
    """`read.where.text` is `source.where.text`: a place that is not kept is that of the nearest part around it."""
    found = next(((old, new) for old, new in _PLACES if path.startswith(old)), ("", ""))
    return found[1] + path.removeprefix(found[0])
