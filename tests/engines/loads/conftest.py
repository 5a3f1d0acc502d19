"""The fixture `world`; a test says on which sinks with `@on(...)`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.world import Sink, World


@pytest.fixture
def world(sink: Sink, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A fresh source on Postgres 18 and a fresh target on the sink."""
    fresh: FreshDatabase = request.getfixturevalue(sink.fixture)
    return World(sink=sink, source_url=pg_wheel_db(), target_url=fresh(), folder=tmp_path)
