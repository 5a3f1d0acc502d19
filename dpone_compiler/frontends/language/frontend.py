"""The language front end as a plug-in."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.frontends.language.read import read_language
from dpone_compiler.source.text import SourceFile
from dpone_compiler.spi.frontend import Reading


def read(file: SourceFile, _overrides: Mapping[str, str]) -> Reading:
    """Loads, rules and gates of a `.dpone` file; overrides address YAML paths, and the driver refuses them here."""
    unit, diagnostics = read_language(file)
    return Reading(loads=unit.loads, rules=unit.rules, gates=unit.gates, diagnostics=diagnostics)
