"""No cell is missing, none says certified without a passed test, and a failed test takes the word back."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from dpone_compiler import registry
from dpone_compiler.certify.artifact import certification, markdown, write
from dpone_compiler.certify.evidence import NoEvidenceError, Proof, read_junit
from dpone_compiler.certify.matrix import CONTRACT, NONE, Cell, matrix
from dpone_compiler.ir.load import STRATEGIES
from tests.cli.commands import dponec

KEY = "postgres->postgres:incremental_merge:update_insert"
SUITE = (
    """<testsuites><testsuite name="pytest" timestamp="2026-11-25T12:00:00+00:00">{cases}</testsuite></testsuites>"""
)
CASE = """<testcase classname="tests.engines.loads.test_x" name="{name}"><properties>
<property name="cell" value="{key}@postgres_wheel 18.6,postgres_wheel 18.6"/></properties>{outcome}</testcase>"""


def junit(folder: Path, *cases: tuple[str, str]) -> Path:
    listed = "".join(CASE.format(name=name, key=KEY.replace(">", "&gt;"), outcome=outcome) for name, outcome in cases)
    path = folder / "junit.xml"
    path.write_text(SUITE.format(cases=listed), encoding="utf-8")
    return path


def entry(document: dict[str, object], key: str = KEY) -> dict[str, object]:
    cells = {cell.key: cell for cell in matrix()}
    entries = document["entries"]
    assert isinstance(entries, list)
    found: dict[str, object] = entries[sorted(cells).index(key)]
    return found


def test_no_combination_is_missing() -> None:
    names = registry.backend_names()
    held = {(cell.source, cell.sink, cell.strategy) for cell in matrix()}
    assert held == set(product(names, names, STRATEGIES))
    assert all(cell.why for cell in matrix() if cell.status == NONE)
    assert not any(cell.why for cell in matrix() if cell.status != NONE)


def test_every_policy_of_a_supported_strategy_has_a_cell() -> None:
    for sink in registry.backend_names():
        for strategy, policies in registry.backend(sink).capabilities(None).merge_policies.items():
            held = {cell.policy for cell in matrix() if (cell.sink, cell.strategy) == (sink, strategy)}
            assert held == set(policies)


def test_nothing_is_certified_without_evidence() -> None:
    document = certification(matrix(), ())
    assert document["summary"]["certified"] == 0
    assert entry(document)["status"] == CONTRACT
    assert "no evidence" in markdown(document)


def test_a_passed_test_certifies_its_cell_alone(tmp_path: Path) -> None:
    document = certification(matrix(), read_junit(junit(tmp_path, ("test_a", ""), ("test_b", "<skipped/>"))))
    found = entry(document)
    assert (found["certified"], found["evidence"]) == (True, ["tests/engines/loads/test_x.py::test_a"])
    assert document["summary"]["certified"] == 1
    assert document["run_at"] == "2026-11-25T12:00:00+00:00"


@pytest.mark.parametrize("outcome", ["<failure/>", "<error/>"])
def test_a_failed_test_takes_it_back(tmp_path: Path, outcome: str) -> None:
    document = certification(matrix(), read_junit(junit(tmp_path, ("test_a", ""), ("test_b", outcome))))
    assert (entry(document)["certified"], entry(document)["failed"]) == (
        False,
        ["tests/engines/loads/test_x.py::test_b"],
    )


def test_what_is_not_supported_is_never_certified() -> None:
    cell = Cell(source="a", sink="b", strategy="c", policy="", status=NONE, why="no")
    proof = Proof(key=cell.key, test="t", engines="e 1", passed=True, at="")
    assert certification((cell,), (proof,))["summary"]["certified"] == 0


@pytest.mark.parametrize("text", ["", "no xml", SUITE.format(cases=""), "<testsuites/>"])
def test_a_file_without_evidence_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NoEvidenceError):
        read_junit(path)
    assert dponec("certify", "--junit", path).exit_code == 1


def test_the_command_writes_both_files_and_fails_with_a_failed_test(tmp_path: Path) -> None:
    good = dponec("certify", "--junit", junit(tmp_path, ("test_a", "")), "--artifact-dir", tmp_path / "out")
    assert good.exit_code == 0, good.output
    held = json.loads((tmp_path / "out" / "certification.json").read_text(encoding="utf-8"))
    assert held["summary"]["certified"] == 1
    assert "`tests/engines/loads/test_x.py::test_a`" in (tmp_path / "out" / "certification.md").read_text(
        encoding="utf-8"
    )
    assert dponec("certify", "--junit", junit(tmp_path, ("test_a", "<failure/>"))).exit_code == 1


def test_two_writes_give_the_same_bytes(tmp_path: Path) -> None:
    texts = [write(tmp_path / name, certification(matrix(), ()))[0].read_bytes() for name in ("a", "b")]
    assert texts[0] == texts[1]
