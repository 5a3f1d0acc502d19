"""A body of a bundle outside of a run: one session, one answer, and an engine's error told as a run would tell it."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.session import EngineError, Result
from dpone_compiler.runtime.failure import stopped_by
from dpone_compiler.runtime.sessions import Opener, Sessions


def ask(
    bundle: LoadedBundle, opener: Opener, side: str, path: str, params: Mapping[str, str], *, step: str, kind: str
) -> Result:
    """Run the body at `path` on a side. `step`, `kind`: what an error is told as. Raises RefusedError."""
    sessions = Sessions(bundle.doc, opener)
    try:
        return sessions.on(side).run(bundle.body(path), params)
    except EngineError as error:
        raise stopped_by(
            error, step=step, kind=kind, changed=False, doc=bundle.doc, bundle=str(bundle.folder)
        ) from None
    finally:
        sessions.close()
