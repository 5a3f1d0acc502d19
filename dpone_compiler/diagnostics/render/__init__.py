"""Renderings of diagnostics, one module a format; each is a pure function of the diagnostics and the files.

A format is imported when it is asked for: SARIF and JUnit bring libraries with them that a compile in a terminal never needs.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.source.text import SourceFile

Render = Callable[[Diagnostics, Mapping[str, SourceFile]], str]

# The words of `--format`; `text` is what people see, and takes `color` as well when called as full.render.
_MODULES = {
    "text": "full",
    "concise": "concise",
    "json": "json",
    "github": "github",
    "sarif": "sarif",
    "junit": "junit",
}


class _Renderers(Mapping[str, Render]):
    """Format word -> its render function."""

    def __getitem__(self, form: str) -> Render:
        render: Render = import_module(f"{__name__}.{_MODULES[form]}").render
        return render

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


RENDERERS: Mapping[str, Render] = _Renderers()

__all__ = ["RENDERERS", "Render"]
