"""The tests that a plan names: they exist, no sentence is without one, and the reader of JUnit files is not fooled."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dpone_compiler.artifacts.evidence import evidence_summary
from dpone_compiler.artifacts.plan_codec import decode_plan
from dpone_compiler.driver.evidence import PROVED, UNPROVED, claims, contract_evidence, named_tests, proved
from tests import evidence
from tests.compiled_bundles import CASES, EXAMPLES, ROOT, bundle

_ENGINES = ("postgres", "clickhouse")  # SQL Server has none that tests could run on


def test_every_named_test_exists() -> None:
    for test in sorted({test for _, test in named_tests()}):
        path, _, name = test.partition("::")
        function = name.partition("[")[0]
        assert re.search(rf"^def {function}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), test


def test_only_named_tests_are_recorded_and_all_are() -> None:
    assert {(engine, test) for engine, tests in proved().items() for test in tests} == named_tests()


@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_no_sentence_of_a_plan_is_without_a_test_that_passed(name: str) -> None:
    doc = decode_plan(bundle(name).files["plan.json"])
    assert set(doc.contract_evidence) == set(doc.contract)
    for cell, found in doc.contract_evidence.items():
        assert found and all(claim["claim"] != "not_listed" for claim in found), (cell, doc.contract[cell])
        if doc.route["target"]["engine"] in _ENGINES:
            assert evidence_summary(doc, cell) != UNPROVED, (cell, found)
        else:
            assert evidence_summary(doc, cell) == UNPROVED


def test_a_sentence_of_two_parts_needs_both() -> None:
    text = "complete only if commits arrive within the lag of 5 seconds; each run reads 9 seconds before its watermark again"
    (found,) = contract_evidence({"late_data": text}, "postgres").values()
    assert [(claim["claim"], claim["status"]) for claim in found] == [("lag", PROVED), ("lookback", PROVED)]
    (unknown,) = contract_evidence({"late_data": "all is well"}, "postgres").values()
    assert [(claim["claim"], claim["status"]) for claim in unknown] == [("not_listed", UNPROVED)]


def _junit(folder: Path, inner: str, engine: str = "postgres_wheel 18.6") -> Path:
    test = next(test for claim in claims() for test in claim.tests.get("postgres", ()) if "[" not in test)
    path, _, name = test.partition("::")
    where = path.removesuffix(".py").replace("/", ".")
    file = folder / "junit.xml"
    file.write_text(
        f'<testsuites><testsuite><testcase classname="{where}" name="{name}[pg18]"><properties>'
        f'<property name="engine" value="{engine}"/></properties>{inner}</testcase></testsuite></testsuites>'
    )
    return file


@pytest.mark.parametrize(
    ("inner", "passed"), [("", True), ("<failure/>", False), ("<error/>", False), ("<skipped/>", False)]
)
def test_only_a_test_that_ran_and_passed_counts(tmp_path: Path, inner: str, passed: bool) -> None:
    found, missing, _ = evidence.shown(_junit(tmp_path, inner))
    assert bool(found) == passed
    assert missing  # all the others did not run


def test_what_a_part_showed_is_put_beside_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = tmp_path / "proved.json"
    record.write_text(json.dumps({"clickhouse": {"tests/x.py::test_y": ["26.9.0"]}}))
    monkeypatch.setattr(evidence, "PROVED", record)
    assert evidence.main(["add", str(_junit(tmp_path, "<failure/>"))]) == 0
    assert json.loads(record.read_text()) == {"clickhouse": {"tests/x.py::test_y": ["26.9.0"]}}
    assert evidence.main(["add", str(_junit(tmp_path, ""))]) == 0
    found = json.loads(record.read_text())
    assert (list(found), found["clickhouse"]) == (["clickhouse", "postgres"], {"tests/x.py::test_y": ["26.9.0"]})
    assert list(found["postgres"].values()) == [["18.6"]]


def test_a_recorded_test_that_failed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _, _ = evidence.shown(_junit(tmp_path, ""))
    record = tmp_path / "proved.json"
    record.write_text(json.dumps(found))
    monkeypatch.setattr(evidence, "PROVED", record)
    test = next(iter(found["postgres"]))
    failed = _junit(tmp_path, "<failure/>")
    assert any(line.startswith(test) and "did not pass now" in line for line in evidence.differences(failed))
