"""The Python front end as a plug-in."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.frontends.dsl.read import read_dsl
from dpone_compiler.source.text import SourceFile
from dpone_compiler.spi.frontend import Reading


def read(file: SourceFile, _overrides: Mapping[str, str]) -> Reading:
    """Loads of a Python manifest; overrides address YAML paths, and the driver refuses them here."""
    loads, diagnostics = read_dsl(file)
    return Reading(loads=loads, diagnostics=diagnostics)
