"""certification-bundle and native-transfer-evidence: digests of what was given, and nothing empty, stale or of another run passes."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler import __version__
from tests.cli.commands import EXAMPLES, dponec

BUNDLE = EXAMPLES / "plans" / "orders_pg_to_ch"
PLAN = json.loads((BUNDLE / "plan.json").read_text(encoding="utf-8"))
RUN = "11111111-2222-3333-4444-555555555555"
NOW = datetime.now(UTC).isoformat()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """What a finished run of the example leaves behind."""
    folder = tmp_path / "runs" / RUN
    folder.mkdir(parents=True)
    steps = [
        {"step": step["id"], "kind": step["kind"], "rows": 1, "bytes": 0, "seconds": 0.1} for step in PLAN["steps"]
    ]
    receipt = {
        "format": "dponec.receipt/1",
        "run_id": RUN,
        "plan": {"fingerprint": PLAN["fingerprint"]},
        "steps": steps,
    }
    _write(folder / "receipt.json", {**receipt, "outcome": {"status": "done"}})
    events = [{"event": "run_started", "run_id": RUN}, {"event": "run_ended", "status": "done"}]
    (folder / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return folder


def _write(path: Path, document: dict[str, Any]) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _change(path: Path, **values: Any) -> None:
    _write(path, {**json.loads(path.read_text(encoding="utf-8")), **values})


def _transfer(run: Path, *words: object) -> Any:
    return dponec("strategy", "native-transfer-evidence", BUNDLE, "--run-dir", run, *words)


def test_evidence_of_a_transfer_is_indexed_with_digests(run: Path, tmp_path: Path) -> None:
    shown = _transfer(run, "--artifact-dir", tmp_path / "out", "--format", "json")
    assert shown.exit_code == 0, shown.stderr
    index = json.loads((tmp_path / "out" / "evidence_index.json").read_text(encoding="utf-8"))
    assert index == json.loads(shown.stdout)
    assert (index["passed"], index["run_id"], index["fingerprint"]) == (True, RUN, PLAN["fingerprint"])
    contract = PLAN["native_transfer_plan"]["evidence_contract"]
    assert [each["name"] for each in index["artifacts"]] == contract["required_artifacts"]
    for each in index["artifacts"]:
        data = ((BUNDLE if each["name"] == "plan.json" else run) / each["name"]).read_bytes()
        assert (each["bytes"], each["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert "evidence_index.md" in shown.stderr


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("receipt.json", "", "it is empty"),
        ("receipt.json", "{}", "it does not say what it is"),
        ("receipt.json", None, "cannot be read"),
        ("journal.jsonl", "", "it is empty or not there"),
        ("journal.jsonl", '{"event": "run_started", "run_id": "another"}\n', "it is the journal of another run"),
        ("journal.jsonl", f'{{"event": "run_started", "run_id": "{RUN}"}}\n', "the run did not end well"),
    ],
)
def test_empty_or_foreign_evidence_of_a_transfer_is_refused(
    run: Path, tmp_path: Path, name: str, text: str | None, why: str
) -> None:
    (run / name).unlink()
    if text is not None:
        (run / name).write_text(text, encoding="utf-8")
    refused = _transfer(run, "--artifact-dir", tmp_path / "out")
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert not (tmp_path / "out").exists()


def test_a_receipt_of_another_plan_and_a_check_that_was_not_made_are_refused(run: Path) -> None:
    _change(run / "receipt.json", plan={"fingerprint": "another"})
    assert "stale, it is the receipt of another plan" in _transfer(run).stderr
    _change(run / "receipt.json", plan={"fingerprint": PLAN["fingerprint"]}, steps=[{"kind": "transfer"}])
    assert "every_value: no step of the run made this check" in _transfer(run).stderr


@pytest.fixture
def evidence(run: Path, tmp_path: Path) -> dict[str, Path]:
    """A complete set."""
    suite = f'<testsuites><testsuite timestamp="{NOW}"><testcase classname="a" name="b"/></testsuite></testsuites>'
    junit = tmp_path / "junit.xml"
    junit.write_text(suite, encoding="utf-8")
    matrix = {"schema_version": "dponec.strategy.certification/1", "compiler": f"dponec {__version__}", "run_at": NOW}
    entries = [{"certified": True, "failed": []}]
    certification = _write(tmp_path / "certification.json", {**matrix, "entries": entries})
    return {
        "junit": junit,
        "certification": certification,
        "plan": BUNDLE / "plan.json",
        "receipt": run / "receipt.json",
    }


def _bundle(evidence: dict[str, Path], *words: object) -> Any:
    return dponec("strategy", "certification-bundle", *evidence.values(), *words)


def test_a_complete_set_passes(evidence: dict[str, Path], tmp_path: Path) -> None:
    shown = _bundle(evidence, "--artifact-dir", tmp_path / "out", "--format", "json")
    assert shown.exit_code == 0, shown.stderr
    document = json.loads(shown.stdout)
    assert (document["passed"], document["blockers"]) == (True, [])
    assert document["summary"] == {"total": 4, "present": 4, "passed": 4, "missing": 0, "failed": 0}
    digests = {item["name"]: item["sha256"] for item in document["evidence_items"]}
    assert digests["junit.xml"] == hashlib.sha256(evidence["junit"].read_bytes()).hexdigest()
    assert (tmp_path / "out" / "certification_bundle.md").is_file()


def test_nothing_is_no_evidence(tmp_path: Path) -> None:
    refused = dponec("strategy", "certification-bundle", "--artifact-dir", tmp_path / "out")
    assert refused.exit_code == 1
    assert "no junit is among the evidence" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_payloads_of_nothing_prove_nothing(tmp_path: Path) -> None:
    files = [_write(tmp_path / f"{number}.json", {}) for number in range(7)]
    refused = dponec("strategy", "certification-bundle", *files)
    assert refused.exit_code == 1
    assert refused.stderr.count("it does not say what it is") == 7


@pytest.mark.parametrize(
    ("kind", "changes", "why"),
    [
        ("certification", {"entries": []}, "nothing in it is certified"),
        ("certification", {"entries": [{"certified": True, "failed": ["t"]}]}, "it has failed cells"),
        ("certification", {"compiler": "dponec 0.0.1"}, "stale: it was made by dponec 0.0.1"),
        ("certification", {"run_at": (datetime.now(UTC) - timedelta(days=1)).isoformat()}, "of another test run"),
        ("receipt", {"outcome": {"status": "stopped"}}, "the run is stopped"),
        ("receipt", {"plan": {"fingerprint": "x"}}, "the receipt of another plan"),
        ("receipt", {"steps": []}, "no step is recorded"),
    ],
)
def test_stale_or_empty_evidence_is_refused(
    evidence: dict[str, Path], kind: str, changes: dict[str, Any], why: str
) -> None:
    _change(evidence[kind], **changes)
    refused = _bundle(evidence)
    assert refused.exit_code == 1
    assert why in refused.stderr


def _edited(plan: dict[str, Any]) -> None:
    plan["contract"]["atomicity"] = "all or nothing"


def _shortened(plan: dict[str, Any]) -> None:
    del plan["steps"][1:]


@pytest.mark.parametrize("change", [_edited, _shortened, lambda plan: plan.update(fingerprint=7)])
def test_a_plan_that_was_changed_is_no_evidence(evidence: dict[str, Path], tmp_path: Path, change: Any) -> None:
    """The receipt names the fingerprint that stands in it, which says nothing of the rest."""
    plan = json.loads(evidence["plan"].read_text(encoding="utf-8"))
    change(plan)
    refused = _bundle({**evidence, "plan": _write(tmp_path / "plan.json", plan)}, "--artifact-dir", tmp_path / "out")
    assert refused.exit_code == 1
    assert "plan.json: it is not the plan that was compiled" in refused.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("ahead", "code"), [(timedelta(days=1500), 1), (timedelta(hours=1), 1), (timedelta(minutes=1), 0)]
)
def test_evidence_of_a_day_to_come_is_refused(evidence: dict[str, Path], ahead: timedelta, code: int) -> None:
    """It would never be stale. A clock may be a little ahead."""
    at = (datetime.now(UTC) + ahead).isoformat()
    evidence["junit"].write_text(evidence["junit"].read_text(encoding="utf-8").replace(NOW, at), encoding="utf-8")
    _change(evidence["certification"], run_at=at)
    shown = _bundle(evidence)
    assert shown.exit_code == code
    assert shown.stderr.count(f"it is of {at}, which has not come yet") == 2 * code


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        # The clock may not name a case: two workers must collect the same.
        pytest.param(NOW, "2020-01-01T00:00:00", "stale, it is of 2020-01-01T00:00:00", id="stale"),
        ('<testcase classname="a" name="b"/>', "", "no test ran"),
        ('name="b"/>', 'name="b"><failure/></testcase>', "1 tests failed"),
        ('name="b"/>', 'name="b"><skipped/></testcase>', "no test ran"),
        ("</testsuites>", "", "it is no JUnit file"),
    ],
)
def test_a_test_run_that_shows_nothing_is_refused(evidence: dict[str, Path], old: str, new: str, why: str) -> None:
    evidence["junit"].write_text(evidence["junit"].read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    refused = _bundle(evidence)
    assert refused.exit_code == 1
    assert why in refused.stderr
