"""A watermark that a person gives may not lie beyond the horizon of the source: rows before it that are not read yet never would be."""

from __future__ import annotations

from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.session import EngineError
from dpone_compiler.runtime.failure import stopped_by
from dpone_compiler.runtime.outcome import RefusedError
from dpone_compiler.runtime.parameters import one_row
from dpone_compiler.runtime.sessions import Opener, Sessions
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
    sessions = Sessions(doc, opener)
    try:
        row = one_row(sessions.on("source").run(bundle.body(step.file), {each: params[each] for each in step.params}))
    except EngineError as error:
        raise stopped_by(
            error, step=f"state {name}", kind=step.kind, changed=False, doc=doc, bundle=str(bundle.folder)
        ) from None
    finally:
        sessions.close()
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
