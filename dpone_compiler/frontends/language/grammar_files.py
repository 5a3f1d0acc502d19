"""Where the grammar files are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path


@cache
def grammar_text(*names: str) -> str:
    """The grammar files of those names, one after the other."""
    return "\n".join(_read(name) for name in names)


def _read(name: str) -> str:
    package = files("dpone_compiler")
    packaged = package.joinpath("_grammar", name)  # where hatch's force-include puts them
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    # A checkout or an editable install: the package is a folder whose neighbour is grammar/.
    return (Path(str(package)).parent / "grammar" / name).read_text(encoding="utf-8")
