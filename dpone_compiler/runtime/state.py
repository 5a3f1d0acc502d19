"""`dponec state` and `dponec runs abort`: the bundle's own bodies for the state row, run one at a time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

from dpone_compiler.runtime.asking import ask
from dpone_compiler.runtime.bounds import check_bounds
from dpone_compiler.runtime.bundle import PLAN, LoadedBundle, find_bundles, load_bundle
from dpone_compiler.runtime.connections.session import Result
from dpone_compiler.runtime.outcome import TRANSIENT, RefusedError, command
from dpone_compiler.runtime.parameters import one_row
from dpone_compiler.runtime.sessions import Opener
from dpone_compiler.runtime.watermark import check_watermark

_FORWARD = ("set", "adopt")  # what may move a watermark up
_NO_ROW = {
    "show": "the load has no state row: it was never run and never adopted",
    "set": "an attempt is unfinished; finish it with `dponec run` or abort it with `dponec runs abort`",
    "rewind": "an attempt is unfinished, or the watermark given is not lower than the one stored",
    "adopt": "an attempt is unfinished; finish it with `dponec run` or abort it with `dponec runs abort`",
    "abort": "it is not the unfinished run of this load, or its data is committed (finish it), or its holder is alive",
}


def find_load(bundles: str, load: str) -> LoadedBundle:
    """The bundle of a load: `load` is its name below the folder `bundles`, or the path of a bundle."""
    for path in (Path(bundles) / load, Path(load)):
        if (path / PLAN).is_file():
            return load_bundle(path)
    for folder in find_bundles(Path(bundles)):
        bundle = load_bundle(folder)
        if bundle.doc.name == load:
            return bundle
    raise RefusedError("DP702", f"no bundle of load {load!r} in {bundles}")


def run_state_command(bundle: LoadedBundle, opener: Opener, name: str, **params: str) -> dict[str, str]:
    """Run show, set, rewind, adopt or abort; its row. Raises RefusedError when it had no effect."""
    check_bounds(bundle.doc, params.get("watermark", ""))
    if name in _FORWARD:
        check_watermark(bundle, opener, name, params.get("watermark", ""))
    fresh = {"run_id": str(uuid.uuid4()), "command_id": str(uuid.uuid4())}
    given = {} if name == "show" else {**fresh, **params}
    row = one_row(_answer(bundle, opener, name, given))
    if not row:
        shown = command("dponec", "state", "show", str(bundle.folder))
        raise RefusedError("DP428", _NO_ROW[name], next="" if name == "show" else shown)
    return row


def give_up(bundle: LoadedBundle, opener: Opener, run_id: str, *, returned_rows: bool = False) -> dict[str, str]:
    """Abort an unfinished run. `returned_rows`: also where rows that it replaced may be back (docs/adr/0027), which is DP437."""
    if bundle.doc.state.get("returned") and not returned_rows:
        row = one_row(_answer(bundle, opener, "returned", {"run_id": run_id}))
        if row:
            raise _returned(bundle, run_id, row)
    return run_state_command(bundle, opener, "abort", run_id=run_id)


def _returned(bundle: LoadedBundle, run_id: str, row: Mapping[str, str]) -> RefusedError:
    folder = str(bundle.folder)
    if row["why"] == "kept":
        message = f"{row['detail']}; they are gone within seconds, or when the queries that read them have ended"
        again = command("dponec", "runs", "abort", run_id, "--bundles", folder)
        return RefusedError("DP437", message, exit_code=TRANSIENT, retryable=True, next=again)
    message = (
        f"the server was started after run {run_id} may have begun to replace partitions: rows that it replaced may be back, and "
        "the next run would keep them"
    )
    return RefusedError("DP437", message, next=command("dponec", "run", folder))


def staging_left(bundle: LoadedBundle, opener: Opener) -> list[dict[str, str]]:
    """The load's staging tables that exist: name and rows. Empty for a bundle that cannot say."""
    if not bundle.doc.state.get("staging"):
        return []
    result = _answer(bundle, opener, "staging", {})
    return [{name: cell or "0" for name, cell in zip(result.columns, row, strict=True)} for row in result.rows]


def _answer(bundle: LoadedBundle, opener: Opener, name: str, params: Mapping[str, str]) -> Result:
    path = bundle.doc.state.get(name, "")
    if not path:
        raise RefusedError("DP702", f"this bundle has no body for `state {name}`; compile the load again")
    return ask(bundle, opener, "target", path, params, step=f"state {name}", kind="read_state")
