"""compile --check: what differs is a diagnostic in every format, and a bundle whose load is gone is seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from dpone_compiler.driver import compile as compiling
from tests.cli.commands import dponec, forge, write_manifest

MACHINES = ("json", "junit", "sarif")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one manifest in `loads` and its bundle in `plans`."""
    monkeypatch.setenv("DPONEC_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loads").mkdir()
    write_manifest(tmp_path / "loads", "yaml")
    assert dponec("compile", "loads").exit_code == 0
    return tmp_path


def check(*words: object) -> Result:
    return dponec("compile", "loads", "--check", *words)


def codes(*words: object) -> list[str]:
    shown = check("--format", "json", *words)
    return [each["code"] for each in json.loads(shown.stdout)["diagnostics"]]


@pytest.mark.parametrize("form", ["text", "concise", "github", *MACHINES])
def test_a_difference_is_told_in_every_format(folder: Path, form: str) -> None:
    assert "DP312" not in (current := check("--format", form)).output and current.exit_code == 0
    (folder / "plans" / "orders" / "run.sh").write_text("changed\n")
    shown = check("--format", form)
    assert shown.exit_code == 1
    report = shown.stdout if form in MACHINES else shown.stderr
    assert "DP312" in report and "run.sh" in report


def test_the_same_effects_in_other_text_are_a_warning_unless_strict(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "COMPILER", "dponec 99.0")
    warned = check("--no-cache")
    assert warned.exit_code == 0 and "DP313" in warned.stderr and "plan.json" in warned.stderr
    assert codes("--no-cache") == ["DP313"]
    strict = check("--no-cache", "--strict")
    assert strict.exit_code == 1 and "DP312" in strict.stderr


def test_other_effects_of_another_compiler_are_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "COMPILER", "dponec 99.0")
    manifest = folder / "loads" / "orders.yaml"
    manifest.write_text(manifest.read_text().replace("10 minutes", "20 minutes"))
    assert check("--no-cache").exit_code == 1 and codes("--no-cache") == ["DP312"]


def test_a_statement_that_was_edited_is_no_other_text_of_another_compiler(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`effects` says nothing of it: whoever edits a file does not touch them."""
    monkeypatch.setattr(compiling, "COMPILER", "dponec 99.0")
    (step,) = (folder / "plans" / "orders" / "steps").glob("*-transfer-rows.extract.sql")
    step.write_text(step.read_text().replace("WHERE", "WHERE true OR", 1))
    assert check("--no-cache").exit_code == 1 and codes("--no-cache") == ["DP312"]


def test_a_step_that_left_its_transaction_is_no_other_text_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "COMPILER", "dponec 99.0")

    def alone(plan: dict[str, Any]) -> None:
        next(step for step in plan["steps"] if step["kind"] == "commit_state")["transaction"] = ""

    forge(folder / "plans" / "orders", alone)
    assert check("--no-cache").exit_code == 1 and codes("--no-cache") == ["DP312"]


@pytest.mark.parametrize("form", MACHINES)
def test_what_passes_print_is_no_part_of_the_document(form: str) -> None:
    shown = check("--format", form, "--print-ir-after", "all")
    assert "// after choose-strategy" in shown.stderr
    assert "// after" not in shown.stdout
    if form != "junit":
        json.loads(shown.stdout)
    assert "// after choose-strategy" in check("--print-ir-after", "all").stdout


@pytest.mark.parametrize("gone", ["the file", "the load"])
def test_the_bundle_of_a_load_that_is_gone_is_seen_and_left(folder: Path, gone: str) -> None:
    manifest = folder / "loads" / "orders.yaml"
    text = manifest.read_text()
    (folder / "loads" / "other.yaml").write_text(text.replace("name: orders\n", "name: other\n"))
    assert dponec("compile", "loads").exit_code == 0
    if gone == "the file":
        manifest.unlink()
    else:
        manifest.write_text(text.replace("name: orders\n", "name: third\n"))
    compiled = dponec("compile", "loads")
    assert compiled.exit_code == 0 and "DP315" in compiled.stderr and "plans/orders" in compiled.stderr
    assert (folder / "plans" / "orders").is_dir()
    assert "DP315" in dponec("compile", "loads").stderr, "the cache must not hide it"
    assert check().exit_code == 1 and codes() == ["DP314"]
    shutil.rmtree(folder / "plans" / "orders")
    assert check().exit_code == 0 and codes() == []


def test_bundles_of_manifests_that_were_not_asked_for_are_nobodys_business(folder: Path) -> None:
    manifest = folder / "loads" / "orders.yaml"
    other = folder / "more"
    other.mkdir()
    (other / "catalog").symlink_to(folder / "loads" / "catalog")
    (other / "other.yaml").write_text(manifest.read_text().replace("name: orders\n", "name: other\n"))
    assert dponec("compile", "more").stderr.count("DP31") == 0, "orders comes from another folder"
    assert dponec("compile", "loads/orders.yaml", "--check").exit_code == 0
    (other / "other.yaml").unlink()
    assert check().exit_code == 0, "other came from a folder that was not given"
    assert codes() == []


def test_a_manifest_with_errors_says_nothing_about_the_others(folder: Path) -> None:
    (folder / "loads" / "orders.yaml").write_text("name: [\n")
    assert "DP314" not in codes()
