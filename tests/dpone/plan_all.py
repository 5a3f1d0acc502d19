"""Run by dpone's own interpreter: `dpone plan` for every manifest named, one JSON line each: exit code, payload, what it said."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile

from dpone.cli.main import main  # type: ignore[import-not-found]


def _plan(path: str) -> dict[str, object]:
    out = io.StringIO()
    code: object = 0
    # dpone holds on to the stderr that it was imported with, so its errors are caught below that.
    with tempfile.TemporaryFile() as said:
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            with contextlib.redirect_stdout(out):
                code = main(["plan", path, "--explain-strategy", "--format", "json"])
        except SystemExit as end:
            code = end.code
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        said.seek(0)
        told = said.read().decode("utf-8", "replace")
    text = out.getvalue()
    return {"code": code or 0, "plan": json.loads(text) if text.startswith("{") else None, "said": told + text}


for path in sys.argv[1:]:
    sys.stdout.write(json.dumps(_plan(path)) + "\n")
