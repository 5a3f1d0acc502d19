"""Every file of tests/cases/slices is refused with the code in its name, at its place; and what a range is cut into."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from dpone_compiler.backends.postgres import BACKEND
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.diagnostics.render import full
from dpone_compiler.driver.compile import Options, compile_manifest
from dpone_compiler.ir.slices import Slices
from tests.compiled_bundles import ROOT
from tests.golden_files import GoldenText

CATALOG = ROOT / "tests" / "cases" / "loads" / "catalog"
FILES = sorted((ROOT / "tests" / "cases" / "slices").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_refused_slices(path: Path, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    result = compile_manifest(path.name, Options(catalog=CATALOG))
    found = tuple(each for each in result.diagnostics if each.severity is Severity.ERROR)
    assert [each.code for each in found] == [path.stem.partition("_")[0]]
    assert not result.bundles
    assert full.render(found, result.files) == snapshot(extension_class=GoldenText)


def cut(native: str, kind: str, first: str, last: str, step: int) -> tuple[tuple[str, str], ...]:
    """The pairs of a range; their number is known before they are cut."""
    slices = Slices(column="c", type=BACKEND.parse_type(native), kind=kind, first=first, last=last, step=step)
    assert slices.count == len(slices.pairs())
    return slices.pairs()


def test_a_range_is_cut_without_gap_and_the_last_slice_is_shorter() -> None:
    assert cut("bigint", "integer", "-5", "7", 5) == (("-5", "0"), ("0", "5"), ("5", "7"))
    assert cut("date", "date", "2024-02-28", "2024-03-02", 2) == (
        ("2024-02-28", "2024-03-01"),
        ("2024-03-01", "2024-03-02"),
    )
    assert cut("bigint", "integer", "0", "10", 5) == (("0", "5"), ("5", "10"))
    assert cut("bigint", "integer", "0", "1", 1000) == (("0", "1"),)


def test_instants_say_their_zone_where_the_column_has_one() -> None:
    first, last = "2026-01-01 00:00:00.000000", "2026-01-01 01:30:00.500000"
    plain = cut("timestamp", "timestamp", first, last, 3600)
    assert plain == ((first, "2026-01-01 01:00:00.000000"), ("2026-01-01 01:00:00.000000", last))
    zoned = cut("timestamp with time zone", "timestamp", first, last, 3600)
    assert zoned == tuple((f"{low}+00:00", f"{high}+00:00") for low, high in plain)


def test_a_part_of_a_step_is_a_slice() -> None:
    assert len(cut("timestamp", "timestamp", "2026-01-01 00:00:00.000000", "2026-01-01 00:00:00.000001", 3600)) == 1
