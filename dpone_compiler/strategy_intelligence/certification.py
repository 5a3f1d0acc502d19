"""The certification matrix under dpone's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dpone_compiler.certify.artifact import certification, write
from dpone_compiler.certify.evidence import Proof
from dpone_compiler.certify.matrix import Cell, matrix


class StrategyCertificationMatrixService:
    """The matrix of this installation."""

    def matrix(self) -> tuple[Cell, ...]:
        """Every cell."""
        return matrix()

    def document(self, proofs: Sequence[Proof] = ()) -> dict[str, Any]:
        """The matrix with its evidence; without evidence nothing in it is certified."""
        return certification(matrix(), proofs)


class StrategyCertificationArtifactWriter:
    """Writes the matrix as JSON and Markdown."""

    def write(self, folder: Path | str, proofs: Sequence[Proof] = ()) -> tuple[Path, Path]:
        """Both paths."""
        return write(Path(folder), StrategyCertificationMatrixService().document(proofs))
