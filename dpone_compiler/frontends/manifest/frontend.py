"""The YAML front end as a plug-in."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.frontends.manifest.reader import read_manifest
from dpone_compiler.source.text import SourceFile
from dpone_compiler.spi.frontend import Reading


def read(file: SourceFile, overrides: Mapping[str, str]) -> Reading:
    """Loads of a YAML manifest."""
    loads, diagnostics = read_manifest(file, overrides=overrides)
    return Reading(loads=loads, diagnostics=diagnostics)
