"""What tests tell beside pass and fail, listed at the end of a run: which cells were told how many stories, where each kill landed.

A plug-in of all tests: with xdist the process that prints collects nothing, so it never reads the conftest of a folder below.
"""

from __future__ import annotations

import pytest
from _pytest.terminal import TerminalReporter

LANDED, TOLD = "landed", "differential"
_PLUGIN = "dponec-told"


class Told:
    """Collects the user properties of these names; with xdist the controller sees the reports of all workers."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {LANDED: [], TOLD: []}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test reports."""
        if report.when == "call":
            for name, said in report.user_properties:
                if name in self.lines:
                    self.lines[name].append(str(said))


def pytest_configure(config: pytest.Config) -> None:
    """Collect in the process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Told(), _PLUGIN)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """One line a cell; every landing with -v, their count otherwise."""
    told = config.pluginmanager.get_plugin(_PLUGIN)
    if told is None:
        return
    stories, kills = sorted(told.lines[TOLD]), sorted(told.lines[LANDED])
    if stories:
        terminalreporter.section("differential tests")
        for line in stories:
            terminalreporter.write_line(line)
    if kills:
        terminalreporter.section("kills")
        terminalreporter.write_line(f"{len(kills)} kills landed (-v lists them)")
        for line in kills if config.option.verbose > 0 else ():
            terminalreporter.write_line(line)
