"""dponec schema and dponec doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dpone_compiler.cli import doctor
from tests.cli.commands import dponec

SECRET = "hunter2"


def test_the_schema_is_json_and_can_be_written(tmp_path: Path) -> None:
    shown = json.loads(dponec("schema").stdout)
    assert shown["title"] == "dponec manifest"
    target = tmp_path / "dponec.schema.json"
    assert dponec("schema", "-o", target).exit_code == 0
    assert json.loads(target.read_text(encoding="utf-8")) == shown
    assert dponec("schema", "-o", tmp_path / "no" / "folder.json").exit_code == 1


def test_the_doctor_names_connections_and_never_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DPONE_CONN_PG_OLTP", f"postgresql://me:{SECRET}@host/db")
    for form in ("text", "json"):
        shown = dponec("doctor", "--format", form)
        assert shown.exit_code == 0
        assert "DPONE_CONN_PG_OLTP" in shown.stdout
        assert SECRET not in shown.stdout
    assert json.loads(shown.stdout)["ready"] is True


def test_what_a_compile_needs_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "NEEDED", (*doctor.NEEDED, "no-such-package"))
    shown = dponec("doctor")
    assert shown.exit_code == 1
    assert "LACK no-such-package" in shown.stdout
