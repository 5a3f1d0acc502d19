"""Invariants 5 and 12: the same input gives the same bytes anywhere, and no bundle holds a secret, a time or a path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import EXAMPLE_LOADS, EXAMPLES, FORMS, write_manifest

SECRET = "hunter2"
TIME = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def _compile(cwd: Path, seed: str, zone: str) -> dict[str, bytes]:
    """The bundles of the examples, compiled in a folder, with a hash seed and a time zone of its own."""
    words = [sys.executable, "-m", "dpone_compiler.cli.main", "compile", "examples", "-o", "plans", "--no-cache"]
    environ = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "LC_ALL": "C",
        "DPONE_CONN_DEMO_SOURCE": f"postgresql://me:{SECRET}@host/db",
    }
    subprocess.run(words, check=True, cwd=cwd, env=environ, capture_output=True, stdin=subprocess.DEVNULL)
    root = cwd / "plans"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_two_machines_write_the_same_bytes_and_no_secret(tmp_path: Path) -> None:
    found = []
    for name, seed, zone in (("one", "1", "UTC"), ("another", "77", "Asia/Kolkata")):
        folder = tmp_path / name
        shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("plans"))
        found.append(_compile(folder, seed, zone))
    assert found[0] == found[1]
    assert len({path.partition("/")[0] for path in found[0]}) == EXAMPLE_LOADS
    for path, data in found[0].items():
        text = data.decode()
        assert SECRET not in text, path
        assert str(tmp_path) not in text, path
        assert path.endswith(".sql") or not TIME.search(text), path


def test_three_forms_of_one_load_are_one_bundle(tmp_path: Path) -> None:
    bundles = {}
    for form in FORMS:
        folder = tmp_path / form
        folder.mkdir()
        write_manifest(folder, form)
        words = [sys.executable, "-m", "dpone_compiler.cli.main", "compile", f"orders.{form}", "--no-cache"]
        subprocess.run(words, check=True, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL)
        root = folder / "plans" / "orders"
        bundles[form] = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        bundles[form].pop("sourcemap.json")
    assert bundles["yaml"] == bundles["dpone"] == bundles["py"]
