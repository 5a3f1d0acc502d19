"""Past runs as facts: the same in advise, plan, check and compile, an input of the bundle, and nothing where nobody asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler.driver.past import past_of
from tests.cli.commands import dponec, write_manifest

LOAD = """load orders {
  from postgres.demo_source public.orders
  into postgres.demo_pg dwh.orders
  key order_id   cursor updated_at lag 10 minutes   partition by day(business_date)
  strategy auto
}
"""
HINTED = LOAD.replace("  strategy", "  hint rows 2_000_000 changed 1%\n  strategy")


def _receipt(strategy: str, rows: object, *, status: str = "done", load: str = "orders") -> dict[str, Any]:
    return {
        "load": load,
        "plan": {"strategy": strategy},
        "proofs": {"source_rows": str(rows)},
        "outcome": {"status": status},
    }


def _run(folder: Path, number: int, *receipt: Any, **more: str) -> None:
    run = folder / f"run-{number}"
    run.mkdir(parents=True)
    (run / "receipt.json").write_text(json.dumps(_receipt(*receipt, **more)), encoding="utf-8")
    started = {"event": "run_started", "load": "orders", "at": f"2026-11-{number:02d}T00:00:00"}
    (run / "journal.jsonl").write_text(json.dumps(started) + "\n", encoding="utf-8")


def _bytes(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Four million rows, of which a run brings a tenth; a run that stopped, and one of another load."""
    folder = tmp_path / "runs"
    _run(folder, 1, "full_refresh", 4_000_123)
    _run(folder, 2, "incremental_merge", 400_019)
    _run(folder, 3, "incremental_merge", 9, status="stopped")
    _run(folder, 4, "incremental_merge", 9, load="others")
    return folder


def _strategy(decision: dict[str, Any]) -> dict[str, Any]:
    (found,) = (each for each in decision["reasons"] if each["choice"] == "strategy")
    return dict(found)


def test_every_command_decides_by_them_and_says_so(tmp_path: Path, runs: Path) -> None:
    manifest = write_manifest(tmp_path, "dpone", {"dpone": LOAD})
    advice, plan = (
        json.loads(dponec(word, manifest, "--runs", runs, "--format", "json").stdout) for word in ("advise", "plan")
    )
    assert dponec("compile", manifest, "--runs", runs, "-o", tmp_path / "out").exit_code == 0
    bundle = json.loads((tmp_path / "out" / "orders" / "plan.json").read_text(encoding="utf-8"))
    chosen = _strategy(bundle["decision"])
    assert chosen["code"] == "partition_replace_large_delta"
    assert (chosen["facts"]["rows"], chosen["facts"]["changed"]) == ("4_000_000 (receipt)", "10% (receipt)")
    assert plan["decision"] == bundle["decision"]
    advice["decision"].pop("native_transfer_plan")
    assert advice["decision"] == bundle["decision"]
    assert "assumed: rows 4_000_000 (receipt)" in (tmp_path / "out" / "orders" / "plan.md").read_text(encoding="utf-8")
    gate = tmp_path / "team.dpone"
    gate.write_text('gate small { when rows > 3_000_000 deny "too large" }\n', encoding="utf-8")
    assert dponec("check", manifest, "--policy", gate).exit_code == 0
    assert "DP240" in dponec("check", manifest, "--policy", gate, "--runs", runs).stderr


def test_flags_and_the_manifest_are_believed_first(tmp_path: Path, runs: Path) -> None:
    manifest = write_manifest(tmp_path, "dpone", {"dpone": LOAD})
    told = dponec("advise", manifest, "--runs", runs, "--changed-percent", "0.01", "--format", "json")
    assert json.loads(told.stdout)["decision"]["strategy"] == "incremental_merge"
    manifest.write_text(HINTED, encoding="utf-8")
    for command in ("advise", "plan"):
        kept = json.loads(dponec(command, manifest, "--runs", runs, "--format", "json").stdout)
        assert kept["decision"]["strategy"] == "incremental_merge"
        assert "receipt" not in json.dumps(_strategy(kept["decision"]))


def test_what_was_read_is_an_input_and_nothing_else_changes(tmp_path: Path, runs: Path) -> None:
    manifest = write_manifest(tmp_path, "dpone", {"dpone": LOAD})
    plain, told = (tmp_path / "plain", tmp_path / "told")
    dponec("compile", manifest, "-o", plain)
    dponec("compile", manifest, "-o", told, "--runs", runs)
    before, after = (
        json.loads((out / "orders" / "plan.json").read_text(encoding="utf-8"))["inputs"] for out in (plain, told)
    )
    assert set(before) == {"manifest", "catalog", "policy"}
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"hints"}
    empty = tmp_path / "none"
    empty.mkdir()
    dponec("compile", manifest, "-o", tmp_path / "again", "--runs", empty)
    assert _bytes(tmp_path / "again") == _bytes(plain)


def test_a_check_reads_them_too(tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cache: a run that tells nothing new leaves the bundle as it is, one that does is seen."""
    monkeypatch.setenv("DPONEC_CACHE_DIR", str(tmp_path / "cache"))
    manifest, out = write_manifest(tmp_path, "dpone", {"dpone": LOAD}), tmp_path / "out"
    asked = ("compile", manifest, "-o", out, "--runs", runs)
    assert "wrote" in dponec(*asked).stdout
    assert dponec(*asked, "--check").exit_code == 0
    assert dponec("compile", manifest, "-o", out, "--check").exit_code == 1
    _run(runs, 5, "full_refresh", 4_000_456)
    assert "0 compiled" in dponec(*asked).stdout
    assert dponec(*asked, "--check").exit_code == 0
    _run(runs, 6, "full_refresh", 500)
    assert dponec(*asked, "--check").exit_code == 1
    assert "wrote" in dponec(*asked).stdout


def test_a_bundle_has_been_told_already(tmp_path: Path, runs: Path) -> None:
    dponec("compile", write_manifest(tmp_path, "dpone", {"dpone": LOAD}), "-o", tmp_path / "out")
    assert dponec("plan", tmp_path / "out", "--runs", runs).exit_code == 2


def test_the_form_for_dpone_has_the_decision_of_the_compile(tmp_path: Path, runs: Path) -> None:
    manifest = write_manifest(tmp_path, "dpone", {"dpone": LOAD})
    asked = ("compile", manifest, "--emit", "dpone", "-o", tmp_path / "out")
    assert dponec(*asked).exit_code == 0
    assert "mode: incremental_merge" in (tmp_path / "out" / "orders.yaml").read_text(encoding="utf-8")
    dponec(*asked, "--runs", runs)
    assert "mode: partition_replace" in (tmp_path / "out" / "orders.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("rows", ["", "²", "-4", "1e9", "9" * 5000, None, [4]])
def test_a_count_that_is_none_says_nothing(rows: object) -> None:
    assert past_of([_receipt("full_refresh", rows)]).hints("orders", None) == {"rows": None, "changed": None}


@pytest.mark.parametrize("receipt", [{}, {"load": ["orders"]}, {"load": "orders", "plan": [], "outcome": "done"}])
def test_what_is_no_receipt_says_nothing(receipt: dict[str, Any]) -> None:
    assert past_of([receipt]).hints("orders", 100) == {"rows": 100, "changed": None}


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_receipt_that_cannot_be_read_says_nothing(tmp_path: Path, runs: Path, text: bytes) -> None:
    (runs / "run-2" / "receipt.json").write_bytes(text)
    manifest = write_manifest(tmp_path, "dpone", {"dpone": LOAD})
    shown = json.loads(dponec("advise", manifest, "--runs", runs, "--format", "json").stdout)
    assert shown["decision"]["strategy"] == "incremental_merge"
    assert "rows 4_000_000 (receipt)" in shown["cost"]["assumed"]


def test_new_rows_of_an_empty_source_are_no_share() -> None:
    past = past_of([_receipt("full_refresh", 0), _receipt("incremental_merge", 10)])
    assert past.hints("orders", None) == {"rows": 0, "changed": None}
    assert past.hints("orders", 5)["changed"] == 1.0
