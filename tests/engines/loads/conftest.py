"""The fixture `world`; a test says on which sinks with `@on(...)`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine_fixtures import FreshDatabase, run_clickhouse
from tests.engines.loads.hostile import NASTY, PLAIN, names_of, quoted
from tests.engines.loads.world import Sink, World


@pytest.fixture
def world(sink: Sink, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A fresh source on Postgres 18 and a fresh target on the sink."""
    fresh: FreshDatabase = request.getfixturevalue(sink.fixture)
    return World(sink=sink, source_url=pg_wheel_db(), target_url=fresh(), folder=tmp_path)


@pytest.fixture
def tidy(world: World) -> Iterator[World]:
    """A world of hostile names; the database that ClickHouse got beside its own is dropped."""
    yield world
    if world.sink.clickhouse:
        for name in (NASTY, PLAIN):
            run_clickhouse(world.target_url, f"DROP DATABASE IF EXISTS {quoted('clickhouse', names_of(name)[0])}")
