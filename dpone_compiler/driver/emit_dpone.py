"""`compile --emit dpone`: each load as a manifest that dpone 0.88 reads, with the strategy that was chosen and why."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dpone_compiler.artifacts.bundle import folder_name
from dpone_compiler.artifacts.plan_codec import decode_plan
from dpone_compiler.diagnostics.diagnostic import Diagnostic, has_errors
from dpone_compiler.diagnostics.render import RENDERERS
from dpone_compiler.driver.asked import request_options
from dpone_compiler.driver.compile import Compiled, compile_paths
from dpone_compiler.driver.problems import DponeCannotSay, DponeLeavesOut, EmittedDiffers
from dpone_compiler.driver.request import Outcome, Request
from dpone_compiler.frontends.manifest.dpone_form import dpone_text, unsaid


def emit_request(request: Request) -> Outcome:
    """Write or check one manifest a load. Raises OSError when an output cannot be written; each file is whole or as before."""
    result = compile_paths(request.paths, request_options(request))
    found = [*result.diagnostics]
    texts: dict[Path, str] = {}
    for item in result.loads:
        told = tuple(_told(item))
        found += told
        if item.bundle is not None and not has_errors(told):
            texts[request.out / f"{folder_name(item.load.name)}.yaml"] = _text(item)
    changed = [path for path, text in texts.items() if not _current(path, text)]
    if request.check:
        found += (Diagnostic(EmittedDiffers(path.as_posix()), None, path.stem) for path in changed)
    else:
        for path in changed:
            _write(path, texts[path])
    verb, count = ("current", len(texts) - len(changed)) if request.check else ("written", len(changed))
    return Outcome(
        diagnostics=RENDERERS[request.form](tuple(found), dict(result.files)),
        lines=(
            *(() if request.check else (f"wrote {path.as_posix()}" for path in changed)),
            f"{len(texts)} manifests for dpone, {count} {verb}",
        ),
        failed=has_errors(found),
    )


def _told(item: Compiled) -> Iterator[Diagnostic]:
    if item.context is None:
        return
    load = item.context.load
    for each in unsaid(load):
        kind = DponeCannotSay if each.wrong else DponeLeavesOut
        yield Diagnostic(kind(each.path, each.why), load.origin.at(each.path), load.name)


def _text(item: Compiled) -> str:
    """The decision under dpone's field names, with ours beside them."""
    if item.context is None or item.bundle is None:
        raise ValueError(f"{item.load.name} was not compiled")
    plan = decode_plan(item.bundle.files["plan.json"])
    decision: dict[str, Any] = {**plan.decision, "native_transfer_plan": plan.native_transfer_plan}
    decision["reasons"] = [
        {"severity": "info", "message": reason["reason"], "action": "", **reason} for reason in plan.decision["reasons"]
    ]
    return dpone_text(item.context.load, decision)


def _current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
    Path(half).chmod(0o644)
    os.replace(half, path)
