"""What happens when dponec itself is wrong: a short message, and a reproducer file that can be attached to a report.

The reproducer holds versions, the command line without the values of --set, and the traceback. It holds no manifest text, no
row and no secret: connection texts never reach an exception of ours, and messages of drivers are left out.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from pathlib import Path

from dpone_compiler import __version__


def report(error: BaseException, arguments: list[str]) -> None:
    """Write the reproducer and say where it is."""
    frames = traceback.extract_tb(error.__traceback__)
    cause = error.__cause__ or error
    document = {
        "compiler": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "arguments": ["--set …" if "=" in word else word for word in arguments],
        "error": type(cause).__name__,
        "message": str(error) if type(error).__module__.startswith("dpone_compiler") else "",
        "frames": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in (*frames, *_of(error.__cause__))],
    }
    with tempfile.NamedTemporaryFile(
        "w", prefix="dponec-crash-", suffix=".json", delete=False, encoding="utf-8"
    ) as file:
        json.dump(document, file, indent=2)
    sys.stderr.write(
        f"dponec: internal error ({type(cause).__name__}). This is our bug, not yours. What a run has committed stays.\n"
    )
    sys.stderr.write(f"  reproducer: {file.name}\n")


def _of(error: BaseException | None) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(error.__traceback__)) if error is not None else []
