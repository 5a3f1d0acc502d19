"""Where a cell is compiled and played."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.world import Sink, World

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
