"""A watermark that a person gives may not lie beyond the horizon of the source: rows before it that are not read yet never would be."""

from __future__ import annotations

from dpone_compiler.runtime.asking import ask
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.outcome import RefusedError
from dpone_compiler.runtime.parameters import one_row
from dpone_compiler.runtime.sessions import Opener
from dpone_compiler.runtime.window import Bound, read_bound


def check_watermark(bundle: LoadedBundle, opener: Opener, name: str, text: str) -> None:
    """Ask the plan's own freeze-window step for the horizon. Raises DP447. What is no value of the cursor the target refuses itself."""
    doc = bundle.doc
    step = next((each for each in doc.steps if each.kind == "freeze_window"), None)
    given = _bound(bundle, text)
    if step is None or given is None:
        return
    # A slot has no horizon before its first run; asked for what comes after a position, it refuses one that is not written yet.
    params = {"watermark": text if "feed_start" in step.params else "", "feed_start": ""}
    asked = {each: params[each] for each in step.params}
    row = one_row(ask(bundle, opener, "source", step.file, asked, step=f"state {name}", kind=step.kind))
    horizon = read_bound(doc, row["window_high"])
    if given.number == horizon.number and given.after(horizon):
        message = (
            f"the watermark {given.text} lies beyond the horizon {horizon.text}: rows before it may still be committed, and no run would "
            "read them"
        )
        raise RefusedError("DP447", message)


def _bound(bundle: LoadedBundle, text: str) -> Bound | None:
    try:
        return read_bound(bundle.doc, text) if text else None
    except RefusedError:
        return None
