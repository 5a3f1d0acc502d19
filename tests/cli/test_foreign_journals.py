"""Journals and folders that are not ours or not whole: commands tell what they can, and end with a refusal and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dpone_compiler.cli.main import cli
from tests.hand_bundle import write_hand_bundle

_MAIN = "from dpone_compiler.cli.main import main; main()"


def _journal(folder: Path, *lines: str) -> None:
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _dponec(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: how names reach the terminal is a matter of the whole program."""
    argv = (sys.executable, "-c", _MAIN, *words)
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_list_shows_runs_whatever_their_journals_say(tmp_path: Path) -> None:
    runs = tmp_path / ".dponec/runs"
    started = {"event": "run_started", "load": "orders", "at": "2026-11-26"}
    _journal(runs / "good", json.dumps(started))
    _journal(runs / "number", json.dumps({**started, "at": 5, "load": ["x"], "bundle": 7}))
    _journal(runs / "half", '{"event": "run_started", "load": "\\ud800"}', "1" * 5000, "[" * 100_000)
    os.mkdir(os.fsencode(runs) + b"/\xff\xfe")
    shown = _dponec(tmp_path, "runs", "list")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert all(word in shown.stdout for word in ("good", "number", "half", "\\ud800", "\\udcff\\udcfe"))
    told = _dponec(tmp_path, "runs", "list", "--format", "json")
    assert (told.returncode, told.stderr) == (0, "")
    loads = {run["run_id"]: run["load"] for run in json.loads(told.stdout)["runs"]}
    assert loads == {"good": "orders", "number": "['x']", "half": "\ud800", "\udcff\udcfe": ""}


@pytest.mark.parametrize("bundle", ["7", '["x"]', '"a\\u0000b"', '"\\ud800"'])
def test_a_journal_that_names_no_bundle_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: str
) -> None:
    monkeypatch.chdir(tmp_path)
    _journal(tmp_path / ".dponec/runs/r", f'{{"event": "run_started", "load": "orders", "bundle": {bundle}}}')
    refused = CliRunner().invoke(cli, ["resume", "r", "--from-stage", "apply"], catch_exceptions=False)
    assert refused.exit_code == 1
    assert "DP702" in refused.stderr or "DP418" in refused.stderr


@pytest.mark.parametrize("words", [(), ("--yes", "--artifact-only")])
def test_a_record_that_cannot_be_written_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_hand_bundle(tmp_path / "b")
    (tmp_path / "taken").write_text("a file")
    argv = [
        "resume",
        "r",
        "--from-stage",
        "apply",
        "--bundle",
        "b",
        "--artifact-dir",
        "taken",
        "--format",
        "json",
        *words,
    ]
    refused = CliRunner().invoke(cli, argv, catch_exceptions=False)
    outcome = json.loads(refused.stdout)
    assert (refused.exit_code, outcome["code"], outcome["message"]) == (4, "DP425", "taken: File exists")
