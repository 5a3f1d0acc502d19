"""What a request asks of the compile, with the past runs read."""

from __future__ import annotations

from dpone_compiler.driver.compile import Options
from dpone_compiler.driver.past import read_past
from dpone_compiler.driver.request import Request


def request_options(request: Request) -> Options:
    """The options of the pure part. Raises OSError when the folder of runs cannot be read."""
    return Options(
        catalog=request.catalog,
        policies=request.policies,
        overrides=request.overrides,
        costs=request.costs,
        past=read_past(request.runs),
    )
