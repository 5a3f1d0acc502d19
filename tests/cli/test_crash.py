"""A bug of ours: exit code 3, a short message, and a reproducer file without anything secret."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler import __version__
from dpone_compiler.cli import main as entry
from dpone_compiler.cli.exits import BUG

SECRET = "postgresql://loader:hunter2@db/x"


def crash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, error: BaseException
) -> tuple[str, dict[str, Any]]:
    """What is told, and the reproducer, when the command line raises that."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(sys, "argv", ["dponec", "compile", "a.yaml", "--set", f"source.where=x = '{SECRET}'"])

    def broken() -> object:
        raise error

    with pytest.raises(SystemExit) as ended:
        entry.main(broken)
    assert ended.value.code == BUG == 3
    told = capsys.readouterr().err
    (name,) = re.findall(r"reproducer: (\S+\.json)$", told, re.MULTILINE)
    assert Path(name).parent == folder
    document: dict[str, Any] = json.loads(Path(name).read_text(encoding="utf-8"))
    return told, document


def test_a_bug_ends_with_3_and_a_reproducer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told, document = crash(monkeypatch, capsys, tmp_path, KeyError(f"no row of {SECRET}"))
    assert "internal error (KeyError)" in told and "This is our bug" in told and "Traceback" not in told
    assert document["error"] == "KeyError" and document["compiler"] == __version__
    assert document["arguments"] == ["compile", "a.yaml", "--set", "--set …"]
    assert any("broken" in frame for frame in document["frames"])


def test_nothing_secret_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told, document = crash(monkeypatch, capsys, tmp_path, RuntimeError(f"connection to {SECRET} failed"))
    assert "hunter2" not in told + json.dumps(document)
    assert str(tmp_path) not in json.dumps(document["frames"])
    assert not any("/" in frame for frame in document["frames"])
