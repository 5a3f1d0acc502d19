"""What a request asks of the compile, with the past runs read."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from dpone_compiler.driver.compile import Options
from dpone_compiler.driver.past import Past
from dpone_compiler.driver.request import Request


def request_options(request: Request) -> Options:
    """The options of the pure part. Raises OSError when the folder of runs cannot be read."""
    return Options(
        catalog=request.catalog,
        policies=request.policies,
        overrides=request.overrides,
        costs=request.costs,
        past=_past(request.runs),
    )


def _past(runs: Path | None) -> Past:
    if runs is None:
        return Past()
    found: Past = import_module("dpone_compiler.driver.past_runs").read_past(runs)
    return found
