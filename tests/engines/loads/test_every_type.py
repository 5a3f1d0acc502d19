"""120 columns of every type from Postgres to ClickHouse: what survives arrives with an equal hash, what does not is counted before."""

from __future__ import annotations

import os
import re

import psycopg
import pytest

from tests.engines.loads.every_type import COLUMNS, rows, source_ddl, target_columns
from tests.engines.loads.world import World, on

_INSERT = f"COPY orders (id, {', '.join(name for name, _ in COLUMNS)}) FROM STDIN"
# `make every-type` sets it to 100000.
ROWS = int(os.environ.get("DPONEC_TYPE_ROWS", "1000"))
_COUNTED = re.compile(r'column "(\w+)": (\d+) values')


def fill(world: World, made: list[tuple[object, ...]]) -> None:
    """Rows by COPY, which takes the texts as they are."""
    with psycopg.connect(world.source_url) as session, session.cursor() as cursor:
        session.execute("SET TimeZone = 'UTC'")
        with cursor.copy(_INSERT.encode()) as copy:
            for row in made:
                copy.write_row(row)


@on("chdb")
@pytest.mark.parametrize("seed", [1, 2])
def test_what_survives_arrives_and_what_does_not_is_counted(world: World, seed: int) -> None:
    world.source(source_ddl())
    world.make_target(columns=target_columns(), partition="")
    made, _ = rows(seed, ROWS, bad=0)
    fill(world, made)
    columns = [{"name": name} for name in ("id", *(name for name, _ in COLUMNS))]
    world.load("full_refresh", source={"columns": columns}, reconcile="content", lossy="fail").run()
    assert world.count() == ROWS
    more, lost = rows(seed + 10, 1000, bad=0.05)
    fill(world, [(row[0] + ROWS, *row[1:]) for row in more])  # type: ignore[operator]
    outcome = world.fails("DP524")
    told: dict[str, int] = {}
    for name, number in _COUNTED.findall(outcome.message):
        told[name] = told.get(name, 0) + int(number)
    assert set(told) == {name for name, number in lost.items() if number}
    assert all(told[name] >= lost[name] for name in told), "a value may offend in two ways, and none is left out"
    assert world.count() == ROWS
