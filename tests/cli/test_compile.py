"""dponec compile as a user types it: what is written, what --check says, and the exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.commands import ERRORS, EXAMPLES, FORMS, dponec, write_manifest


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DPONEC_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.parametrize("form", sorted(FORMS))
def test_written_then_current_then_changed(tmp_path: Path, form: str) -> None:
    manifest, plans = write_manifest(tmp_path, form), tmp_path / "plans"
    assert dponec("compile", manifest, "-o", plans).exit_code == 0
    assert dponec("compile", manifest, "-o", plans, "--check").exit_code == 0
    (plans / "orders" / "plan.md").write_text("changed\n")
    differs = dponec("compile", manifest, "-o", plans, "--check")
    assert differs.exit_code == 1
    assert "DP312" in differs.stderr and "plan.md" in differs.stderr
    assert (plans / "orders" / "plan.md").read_text() == "changed\n"


def test_check_without_bundles_differs_and_writes_nothing(tmp_path: Path) -> None:
    assert dponec("compile", EXAMPLES, "-o", tmp_path / "plans", "--check").exit_code == 1
    assert not (tmp_path / "plans").exists()


def test_one_bad_load_does_not_stop_the_others(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    refused = dponec("compile", manifest, ERRORS / "DP010_unknown_key.yaml", "-o", tmp_path / "plans")
    assert refused.exit_code == 1
    assert "DP010" in refused.stderr


def test_json_is_one_document(tmp_path: Path) -> None:
    refused = dponec("compile", ERRORS / "DP010_unknown_key.yaml", "-o", tmp_path / "plans", "--format", "json")
    assert refused.exit_code == 1
    json.loads(refused.stdout)


@pytest.mark.parametrize(
    "words", [("--set", "x"), ("-j", "0"), ("--catalog", "/no/such/folder"), ("--policy", "/no/such.dpone")]
)
def test_wrong_options_are_usage_errors(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert dponec("compile", EXAMPLES, "-o", tmp_path / "plans", *words).exit_code == 2


def test_a_lease_that_would_not_be_taken_is_refused(tmp_path: Path) -> None:
    """A target that keeps the lease itself needs no other, and SQL Server keeps none for others: a plan must not promise one."""
    locked = ("--set", "sink.lock_connection=locks")
    own = dponec("check", EXAMPLES / "orders_pg_to_pg.yaml", *locked)
    assert (own.exit_code, "DP308" in own.output, "remove lock_connection" in own.output) == (1, True, True)
    catalog = tmp_path / "catalog"
    shutil.copytree(EXAMPLES / "catalog", catalog)
    engine = "engine: {type: mssql, version: [16, 0]}"
    (catalog / "locks.yaml").write_text(f"format: dponec.catalog/1\nconnection: locks\n{engine}\ntables: []\n")
    load = EXAMPLES / "orders_pg_to_ch.yaml"
    other = dponec("check", load, *locked, "--catalog", catalog)
    assert (other.exit_code, "DP308" in other.output, "name a Postgres" in other.output) == (1, True, True)
    assert dponec("check", load, *locked).exit_code == 0


@pytest.mark.parametrize("target", ["pg", "ch"])
def test_a_plan_names_the_engines_that_do_not_keep_a_limit(tmp_path: Path, target: str) -> None:
    text = (EXAMPLES / f"orders_pg_to_{target}.yaml").read_text(encoding="utf-8")
    manifest = tmp_path / "load.yaml"
    manifest.write_text(text.replace("sink:\n", "sink:\n  limits: {statement_timeout: 90}\n"), encoding="utf-8")
    words = ("--catalog", EXAMPLES / "catalog", "-o", tmp_path / "plans")
    made = dponec("compile", manifest, *words)
    assert made.exit_code == 0, made.output
    plan = (tmp_path / "plans" / f"orders_pg_to_{target}" / "plan.md").read_text(encoding="utf-8")
    said = "- statement_timeout: 90 (seconds that a statement may take)"
    assert f"{said}{'' if target == 'pg' else '; not kept on clickhouse'}\n" in plan
