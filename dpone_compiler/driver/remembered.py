"""Warnings in the cache: a load that was compiled with warnings is not compiled again to say them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.render import RENDERERS
from dpone_compiler.driver.inputs import read_file
from dpone_compiler.source.text import SourceFile, Span


def encode_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The diagnostics as JSON: the type of each problem, its fields, its place."""
    return [
        {
            "module": type(item.problem).__module__,
            "type": type(item.problem).__qualname__,
            "fields": dict(vars(item.problem)),
            "span": None if item.span is None else dict(vars(item.span)),
            "load": item.load,
        }
        for item in diagnostics
    ]


def decode_diagnostics(entries: Iterable[Mapping[str, Any]]) -> Diagnostics:
    """The diagnostics that were encoded. Raises ValueError when an entry names no problem: the cache entry is a miss."""
    return tuple(_decode(entry) for entry in entries)


def _decode(entry: Mapping[str, Any]) -> Diagnostic:
    try:
        kind = getattr(import_module(entry["module"]), entry["type"])
        if not (isinstance(kind, type) and issubclass(kind, Problem)):
            raise ValueError(f"{entry['type']} is no problem")
        span = None if entry["span"] is None else Span(**entry["span"])
        return Diagnostic(kind(**entry["fields"]), span, entry["load"])
    except (ImportError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"unreadable diagnostic: {error}") from error


def files_of(diagnostics: Diagnostics) -> dict[str, SourceFile]:
    """The sources that the diagnostics point into, for their excerpts. Their bytes are part of the cache's key."""
    names = {item.span.file for item in diagnostics if item.span is not None}
    read = (read_file(Path(name)) for name in sorted(names))
    return {file.name: file for file in read if isinstance(file, SourceFile)}


def render_again(entries: Iterable[Mapping[str, Any]], form: str) -> str:
    """The remembered diagnostics in one of the forms. Raises ValueError as `decode_diagnostics` does."""
    diagnostics = decode_diagnostics(entries)
    return RENDERERS[form](diagnostics, files_of(diagnostics))
