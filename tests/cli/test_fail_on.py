"""--fail-on: an error ends with 1 wherever it stands, a warning when it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.cli.verdict import verdict
from tests.cli.commands import EXAMPLES, dponec, write_manifest

COMMANDS = ("advise", "plan", "check")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_warning_of_the_manifest_fails_when_asked(command: str) -> None:
    lossy = EXAMPLES / "orders_pg_to_ch.yaml"  # DP208: columns that do not hold every value
    assert dponec(command, lossy).exit_code == 0
    assert dponec(command, lossy, "--fail-on", "error").exit_code == 0
    assert dponec(command, lossy, "--fail-on", "warning").exit_code == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_what_says_nothing_passes(command: str) -> None:
    assert dponec(command, EXAMPLES / "orders_full_pg_to_pg.yaml", "--fail-on", "warning").exit_code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_a_warning_of_the_decision_fails_when_asked(command: str, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    text = manifest.read_text(encoding="utf-8").replace(", unique_key: [order_id]", "")
    manifest.write_text(text.replace("options: {", "options: {cdc_enabled: true, "), encoding="utf-8")
    shown = dponec(command, manifest)
    assert shown.exit_code == 0, shown.stderr
    if command != "check":
        assert "cdc_hint_ignored" in shown.stdout
    assert dponec(command, manifest, "--fail-on", "warning").exit_code == 1


def test_a_bundle_is_judged_by_its_decision(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    text = manifest.read_text(encoding="utf-8").replace(", unique_key: [order_id]", "")
    manifest.write_text(text.replace("options: {", "options: {cdc_enabled: true, "), encoding="utf-8")
    dponec("compile", manifest, "-o", tmp_path / "plans")
    bundle = tmp_path / "plans" / "orders"
    assert dponec("plan", bundle).exit_code == 0
    assert dponec("plan", bundle, "--fail-on", "warning").exit_code == 1


@pytest.mark.parametrize(("where", "severity", "fail_on", "code"), [
    ("safety_gates", "high", "warning", 0),
    ("safety_gates", "error", "error", 1),
    ("warnings", "error", "error", 1),
    ("warnings", "warning", "error", 0),
    ("warnings", "info", "warning", 0),
])  # fmt: skip
def test_an_error_of_a_decision_is_never_a_success(where: str, severity: str, fail_on: str, code: int) -> None:
    nothing: dict[str, list[dict[str, str]]] = {"safety_gates": [], "warnings": []}
    assert verdict((), [{**nothing, where: [{"severity": severity}]}], fail_on) == code
