"""Commands that end at once, without Python's tidying up, still say everything and still end with their code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ARGV = (sys.executable, "-m", "dpone_compiler.cli.main")


def test_output_is_whole_in_a_file(tmp_path: Path) -> None:
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        done = subprocess.run((*ARGV, "check", str(tmp_path / "none.yaml")), stdout=stdout, stderr=stderr, check=False)
    assert done.returncode == 1
    assert "DP301" in err.read_text(encoding="utf-8") + out.read_text(encoding="utf-8")
    with out.open("wb") as stdout:
        done = subprocess.run((*ARGV, "schema"), stdout=stdout, check=False)
    assert done.returncode == 0
    assert out.read_bytes().endswith(b"}\n")


def test_a_reader_that_went_away_is_no_bug() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run((*ARGV, "--help"), stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.returncode == 1  # click's own code for it
    assert done.stderr == b""
