"""The commands under measurement: this interpreter, and the dponec beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
DPONEC = str(Path(sys.executable).with_name("dponec"))
BARE = (PYTHON, "-c", "pass")
LIBRARIES = (PYTHON, "-c", "import sqlglot, pydantic, yaml")


def environment(cache: Path) -> dict[str, str]:
    """The caller's environment with a compile cache of its own."""
    return {**os.environ, "DPONEC_CACHE_DIR": str(cache)}
