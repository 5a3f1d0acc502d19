"""The end of the session says which cells were told how many stories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings

from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.world import Sink, World

TOLD = "differential"
_QUIET = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
}
SOAK = os.environ.get("DPONEC_DIFFERENTIAL") == "soak"
# CI has to be the same every time; a soak looks for what nobody has seen.
settings.register_profile("differential", derandomize=not SOAK, **_QUIET)


@pytest.fixture
def world(sink: Sink, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Where a cell is compiled: a source on Postgres 18 and a target on the sink."""
    fresh: FreshDatabase = request.getfixturevalue(sink.fixture)
    return World(sink=sink, source_url=pg_wheel_db(), target_url=fresh(), folder=tmp_path)


class Told:
    """Collects what the tests of a session report; with xdist the controller sees them all."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the cells that a test reports."""
        if report.when == "call":
            self.lines += [str(value) for key, value in report.user_properties if key == TOLD]


def pytest_configure(config: pytest.Config) -> None:
    """Collect in the process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Told(), "dponec-differential")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """One line a cell."""
    told = config.pluginmanager.get_plugin("dponec-differential")
    if told is not None and told.lines:
        terminalreporter.section("differential tests")
        for line in sorted(told.lines):
            terminalreporter.write_line(line)
