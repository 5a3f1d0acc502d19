"""The bundles of tests/cases/loads and of examples/, compiled once a process; the names are relative to the repository."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from dpone_compiler.artifacts.bundle import Bundle
from dpone_compiler.driver.compile import compile_paths

ROOT = Path(__file__).resolve().parents[1]
CASES = sorted(path.stem for path in (ROOT / "tests" / "cases" / "loads").glob("*.yaml"))
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.yaml"))


@cache
def bundle(name: str) -> Bundle:
    """The bundle of one manifest, `name` being its file name. Source maps hold relative names on any machine."""
    folder = "tests/cases/loads" if name in CASES else "examples"
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        result = compile_paths([Path(folder) / f"{name}.yaml"])
    finally:
        os.chdir(before)
    (made,) = result.bundles
    return made
