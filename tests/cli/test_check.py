"""dponec check: diagnostics in every format, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import ERRORS, EXAMPLE_LOADS, EXAMPLES, FORMS, dponec, write_manifest


def test_examples_pass_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = dponec("check", EXAMPLES)
    assert (done.exit_code, done.stdout) == (0, f"{EXAMPLE_LOADS} loads passed\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_is_checked(tmp_path: Path, form: str) -> None:
    assert dponec("check", write_manifest(tmp_path, form)).stdout == "1 load passed\n"


def test_an_error_is_told_on_stderr_with_its_place() -> None:
    refused = dponec("check", ERRORS / "DP010_unknown_key.yaml")
    assert (refused.exit_code, refused.stdout) == (1, "0 loads passed, 1 error\n")
    assert "error[DP010]: unknown key 'stratgy'" in refused.stderr
    assert "DP010_unknown_key.yaml:10:3" in refused.stderr


@pytest.mark.parametrize("form", ["json", "sarif", "junit"])
def test_machine_formats_are_one_document_on_stdout(form: str) -> None:
    refused = dponec("check", ERRORS / "DP010_unknown_key.yaml", "--format", form)
    assert (refused.exit_code, refused.stderr) == (1, "")
    assert "DP010" in refused.stdout
    if form != "junit":
        json.loads(refused.stdout)


def test_a_gate_of_the_team_denies(tmp_path: Path) -> None:
    policy = tmp_path / "team.dpone"
    policy.write_text('gate no_merge { when strategy = incremental_merge  deny "ask the platform team" }\n')
    manifest = write_manifest(tmp_path, "yaml")
    refused = dponec("check", manifest, "--policy", policy)
    assert refused.exit_code == 1
    assert "DP240" in refused.stderr
    assert "ask the platform team" in refused.stderr
    assert dponec("check", manifest).exit_code == 0


def test_set_overrides_and_a_bad_pair_is_a_usage_error(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    assert dponec("check", manifest, "--set", "sink.strategy.mode=scd2").exit_code == 1
    assert dponec("check", manifest, "--set", "sink.strategy.mode").exit_code == 2


def test_nothing_to_check_is_told(tmp_path: Path) -> None:
    refused = dponec("check", tmp_path)
    assert refused.exit_code == 1
    assert "DP306" in refused.stderr


def test_a_gate_sees_a_backfill_by_both_of_its_names(tmp_path: Path) -> None:
    for name in ("backfill", "incremental_merge"):
        policy = tmp_path / f"{name}.dpone"
        policy.write_text(f'gate g {{ when strategy = {name}  deny "ask first" }}\n')
        refused = dponec("check", EXAMPLES / "orders_backfill_pg_to_pg.yaml", "--policy", policy)
        assert refused.exit_code == 1 and "DP240" in refused.stderr, name


def test_a_gate_that_cannot_be_asked_says_so(tmp_path: Path) -> None:
    policy = tmp_path / "team.dpone"
    policy.write_text('gate small { when changed > 50%  deny "too much" }\ngate other { when rows > 1  warn "rows" }\n')
    manifest = write_manifest(tmp_path, "yaml")
    manifest.write_text(
        manifest.read_text().replace("options: {estimated_rows: 200000, changed_percent: 0.1}", "options: {}")
    )
    shown = dponec("check", manifest, "--policy", policy)
    assert shown.exit_code == 0, shown.stderr
    assert "DP243" in shown.stderr and "gate small could not be asked: nobody says changed" in shown.stderr
    assert "gate other could not" not in shown.stderr
