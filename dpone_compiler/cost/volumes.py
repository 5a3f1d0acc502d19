"""Ways of loading that nobody has measured: what their statements read, write, build and lock, and so volumes without a time."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.cost.work import HISTORY, ROWS, TABLE, WORK, Work

VOLUMES: Mapping[str, Mapping[tuple[str, str], Work]] = {
    "mssql": {
        ("full_refresh", "shadow_swap"): Work(stages="source", phases=("insert",), lock=TABLE, logged=1.0),
        ("cdc_apply", "update_insert"): Work(stages="changes", phases=("apply_update",), lock=ROWS, logged=2.0),
        ("cdc_apply", "delete_insert"): Work(stages="changes", phases=("apply_match",), lock=ROWS, logged=2.0),
        ("snapshot_diff", ""): Work(phases=("compare",), stages="source", applies="changes", lock=ROWS, logged=2.0),
        ("scd2", ""): Work(phases=("versions",), applies="changes", lock=ROWS, logged=2.0 * HISTORY),
    },
}


def works(sink: str) -> Mapping[tuple[str, str], Work]:
    """Every way that the model knows of a sink, measured or not."""
    return {**WORK.get(sink, {}), **VOLUMES.get(sink, {})}
