"""Bad input, typed as a user types it, in the three forms: exit 1, a code with its place, nothing written, never exit 3."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import FORMS, dponec, write_manifest

_FROM = {"yaml": "name: orders},\n", "dpone": "public.orders", "py": '"public.orders")'}
_WHERE = {
    "yaml": "name: orders}, where: {sql},\n",
    "dpone": "public.orders where {sql}",
    "py": '"public.orders")).where({sql}',
}
_QUOTES = {"yaml": ('"', '"'), "dpone": ("", ""), "py": ('"', '"')}


def _where(form: str, sql: str) -> str:
    first, last = _QUOTES[form]
    return FORMS[form].replace(_FROM[form], _WHERE[form].replace("{sql}", first + sql + last), 1)


def _with(form: str, old: str, new: str) -> str:
    assert old in FORMS[form]
    return FORMS[form].replace(old, new)


_CASES = {
    "the key is not in the table": ("DP204", lambda form: _with(form, "order_id", "nope")),
    "a filter of a hundred brackets": ("DP210", lambda form: _where(form, "(" * 100 + "1 = 1" + ")" * 100)),
    "a filter of a thousand NOT": ("DP210", lambda form: _where(form, "NOT " * 1000 + "true")),
    "a filter over a column that is not there": ("DP211", lambda form: _where(form, "nope = 1")),
    "two statements in the filter": ("DP210", lambda form: _where(form, "1 = 1; DROP TABLE orders")),
    "more rows than 64 bits count": (
        ("DP028", "DP107", "DP152"),
        lambda form: _with(form, "200000" if form == "yaml" else "200_000", "9" * 400),
    ),
    "more digits than Python reads": (
        ("DP026", "DP107", "DP151"),
        lambda form: _with(form, "200000" if form == "yaml" else "200_000", "9" * 5000),
    ),
    "a lag of too many minutes": (
        ("DP025", "DP107", "DP152"),
        lambda form: _with(form, "10 minutes", "9" * 5000 + " minutes"),
    ),
}


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("name", _CASES)
def test_bad_input_is_a_diagnostic_with_its_place(tmp_path: Path, name: str, form: str) -> None:
    codes, make = _CASES[name]
    manifest = write_manifest(tmp_path, form, {form: make(form)})
    out = tmp_path / "plans"
    for command in (["check", manifest], ["compile", manifest, "-o", out, "--no-cache"], ["advise", manifest]):
        refused = dponec(*command)
        assert refused.exit_code == 1, refused.output
        found = re.search(r"error\[(DP\d+)\]", refused.stderr)
        assert found, refused.output
        assert found[1] in codes, refused.output
        assert re.search(rf"--> {re.escape(str(manifest))}:[1-9]\d*:[1-9]\d*\n", refused.stderr), refused.output
    assert not out.exists()


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_mark_of_windows_editors_is_no_part_of_a_manifest(tmp_path: Path, form: str) -> None:
    manifest = write_manifest(tmp_path, form, {form: "\ufeff" + FORMS[form]})
    assert dponec("check", manifest).exit_code == 0


@pytest.mark.parametrize("raised", ["class Stop(BaseException): pass\nraise Stop('x')", "x = " + "-" * 200_000 + "1"])
def test_a_script_that_cannot_be_run_has_a_code(tmp_path: Path, raised: str) -> None:
    (tmp_path / "m.py").write_text(raised)
    refused = dponec("check", tmp_path / "m.py")
    assert refused.exit_code == 1
    assert "error[DP15" in refused.stderr


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_character_that_no_engine_holds(tmp_path: Path, form: str) -> None:
    name = {"yaml": '"or\\0ders"', "dpone": '"or\0ders"', "py": None}[form]
    if name is None:
        text = FORMS[form].replace("dwh.orders", "dwh.or\\ud800ders")
    else:
        text = (
            FORMS[form]
            .replace("schema: dwh, name: orders", f"schema: dwh, name: {name}")
            .replace("dwh.orders", f"dwh.{name}")
        )
    refused = dponec("compile", write_manifest(tmp_path, form, {form: text}), "-o", tmp_path / "plans", "--no-cache")
    assert refused.exit_code == 1, refused.output
    assert "error[DP033]" in refused.stderr
    assert not (tmp_path / "plans").exists()


@pytest.mark.parametrize("command", ["check", "compile", "advise"])
def test_a_name_that_is_no_unicode_is_refused_twice_alike(tmp_path: Path, command: str) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    first, second = (dponec(command, manifest, "--set", "name=\udcff") for _ in range(2))
    assert (first.exit_code, second.exit_code, first.stderr) == (1, 1, second.stderr)
    assert "error[DP033]" in first.stderr


def test_a_full_disk_under_the_output(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    command = [sys.executable, "-m", "dpone_compiler.cli.main", "plan", str(manifest)]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (1, "dponec: the output cannot be written: no space left\n")
