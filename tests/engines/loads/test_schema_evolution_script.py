"""run.sh adds the columns as `dponec run` does, once, and `sink.options.schema_evolution` of dpone asks for the same."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from tests.engines.loads.test_schema_evolution import ADDS, BY_CURSOR, LOADS, loaded, rows
from tests.engines.loads.world import World, on


def script(world: World) -> None:
    addresses = {"DPONE_CONN_SRC": world.source_url, "DPONE_CONN_DST": world.target_url}
    ended = subprocess.run(
        ["bash", str(world.bundle / "run.sh")],
        env={**os.environ, **addresses},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=world.folder,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@on("pg18", "ch18")
def test_the_script_adds_them_once(world: World) -> None:
    loaded(world, "incremental_merge", BY_CURSOR).load("incremental_merge", **ADDS, **BY_CURSOR)
    script(world)
    script(world)
    assert rows(world) == LOADS["merge"][2]


@on("pg18")
@pytest.mark.parametrize(
    ("block", "adds"),
    [
        ({"mode": "additive"}, True),
        ({"mode": "additive", "apply_safe": True, "ddl_mode": "online"}, True),
        ({"mode": "additive", "apply_safe": False}, False),
        ({"mode": "additive", "enabled": False}, False),
        ({"mode": "additive", "ddl_mode": "plan_only"}, False),
        ({"mode": "widening"}, False),
    ],
)
def test_the_block_of_dpone(world: World, block: dict[str, Any], adds: bool) -> None:
    world.orders()
    world.source("ALTER TABLE orders ADD COLUMN extra int")
    result = world.compiled("full_refresh", sink={"options": {"schema_evolution": block}})
    assert ("DP203" in {each.code for each in result.diagnostics}) is not adds
    assert result.failed is not adds
