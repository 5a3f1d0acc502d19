"""Reading the manifests that a command was given, with everything there is to say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.driver.compile import ManifestFile, Options, read_manifest_file
from dpone_compiler.driver.inputs import find_manifests
from dpone_compiler.source.text import SourceFile


@dataclass(frozen=True, slots=True)
class Manifests:
    """The manifest files, what was wrong with them, and the sources by name for rendering that."""

    reads: tuple[ManifestFile, ...]
    diagnostics: Diagnostics
    files: Mapping[str, SourceFile]


def read_manifests(manifest: Path, options: Options) -> Manifests:
    """The manifest, or those of a folder."""
    paths, found = find_manifests([manifest])
    reads = tuple(read_manifest_file(path, options) for path in paths)
    diagnostics = (*found, *(each for read in reads for each in read.diagnostics))
    return Manifests(reads, diagnostics, {name: file for read in reads for name, file in read.files.items()})
