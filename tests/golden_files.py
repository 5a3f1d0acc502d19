"""Golden files: one text file an artifact under tests/golden/<test module>/, written by syrupy, never by hand."""

from __future__ import annotations

from pathlib import Path

from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

GOLDEN = Path(__file__).parent / "golden"


class GoldenText(SingleFileSnapshotExtension):
    """A text file whose name is the test's and its parameter's."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(GOLDEN / test_location.basename)


class GoldenBundles(SingleFileSnapshotExtension):
    """A file of a bundle under its own name: tests/golden/bundles/<folder>/<path>; the snapshot's name is folder and path."""

    _write_mode = WriteMode.TEXT
    file_extension = ""

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return str(GOLDEN / "bundles" / str(index))

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(GOLDEN / "bundles")

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return str(index)

    def discover_snapshots(
        self, *, test_location: PyTestLocation, ignore_extensions: list[str] | None = None
    ) -> SnapshotCollections:
        """None: syrupy would take files in folders for left over ones and delete them; test_golden looks for those itself."""
        return SnapshotCollections()
