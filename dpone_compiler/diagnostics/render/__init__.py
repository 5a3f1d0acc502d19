"""Renderings of diagnostics, one module a format; each is a pure function of the diagnostics and the files."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.diagnostics.render import concise, full, github, json, junit, sarif
from dpone_compiler.source.text import SourceFile

Render = Callable[[Diagnostics, Mapping[str, SourceFile]], str]

# The words of `--format`; `text` is what people see, and takes `color` as well when called as full.render.
RENDERERS: Mapping[str, Render] = MappingProxyType(
    {
        "text": full.render,
        "concise": concise.render,
        "json": json.render,
        "github": github.render,
        "sarif": sarif.render,
        "junit": junit.render,
    }
)

__all__ = ["RENDERERS", "Render"]
