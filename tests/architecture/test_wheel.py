"""The wheel holds the grammars, the templates and every other file that is no code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.architecture.modules import PACKAGE, ROOT


def test_the_wheel_holds_what_the_compiler_reads(tmp_path: Path) -> None:
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run((*pip, "--wheel-dir", tmp_path, ROOT), check=True, stdin=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(ZipFile(wheel).namelist())
    wanted = {
        f"{PACKAGE}/{inner}/{file.relative_to(ROOT / folder).as_posix()}"
        for folder, inner in (("grammar", "_grammar"), ("templates", "_templates"))
        for file in (ROOT / folder).rglob("*")
        if file.is_file()
    }
    wanted |= {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / PACKAGE).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert sorted(wanted - held) == []
    assert not [name for name in held if name.startswith(("tests/", "examples/"))]
