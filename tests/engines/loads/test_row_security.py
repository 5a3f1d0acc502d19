"""Row security that hides rows from the load's role: it stops, and never takes the part that it sees for the whole."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.engines.loads.model import order
from tests.engines.loads.test_mutants import mutate
from tests.engines.loads.world import CURSOR, World, on

HIDES = """ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
  CREATE POLICY visible ON {table} TO {role} USING (note <> 'hidden')"""


@pytest.fixture
def role(world: World) -> Iterator[str]:
    """A role that owns nothing, may read the source and write the target."""
    superuser, source = world.target_url, world.source_url
    name = f"bound_{source.rpartition('/')[2]}"
    world.orders()
    world.insert(order(1), order(2, "hidden"))
    world.source(f"CREATE ROLE {name} LOGIN; GRANT SELECT ON orders TO {name}; GRANT pg_read_all_stats TO {name}")
    yield name
    world.source_url, world.target_url = source, superuser
    world.source(f"DROP OWNED BY {name}")
    if not world.sink.clickhouse:
        world.target(f"DROP OWNED BY {name}")
    world.source(f"DROP ROLE {name}")


def run_sh(world: World) -> subprocess.CompletedProcess[str]:
    ends = {"DPONE_CONN_SRC": world.source_url, "DPONE_CONN_DST": world.target_url}
    return subprocess.run(
        [str(world.bundle / "run.sh")],
        env={**os.environ, **ends},
        cwd=world.folder,
        capture_output=True,
        text=True,
        check=False,
    )


@on("pg18", "chdb")
@pytest.mark.parametrize("mode", ["incremental_append", "snapshot_diff"])
def test_rows_that_the_source_hides_stop_the_load(world: World, role: str, mode: str) -> None:
    """Both digests would be of the rows that are seen, and the watermark would pass over the others for ever."""
    world.source(HIDES.format(table="orders", role=role))
    cursor = {"source": {"cursor": CURSOR}} if mode == "incremental_append" else {"key": ["id"]}
    world.load(mode, **cursor)
    superuser = world.source_url
    bound = world.source_url = superuser.replace("postgres@", f"{role}@")
    assert "row-level security" in world.fails("DP423").message
    assert world.count() == 0
    if not world.sink.clickhouse:
        done = run_sh(world)
        assert (done.returncode != 0, "DP423" in done.stderr) == (True, True), done.stderr
    world.source_url = superuser
    world.source(f"ALTER ROLE {role} BYPASSRLS")
    world.source_url = bound
    world.run()
    world.source_url = superuser
    world.same([order(1), order(2, "hidden")])


@on("pg18")
def test_rows_that_the_target_hides_stop_the_load(world: World, role: str) -> None:
    """They would be neither replaced nor counted, and stay beside the new ones."""
    world.load("full_refresh").run()
    world.source("DELETE FROM orders WHERE id = 2")
    world.target(
        f"GRANT ALL ON SCHEMA public, dponec TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public, dponec TO {role}; "
        + HIDES.format(table="orders_copy", role=role)
    )
    world.target_url = world.target_url.replace("postgres@", f"{role}@")
    assert "row-level security" in world.fails("DP423").message


@on("pg18")
def test_the_plan_says_that_row_security_is_on(world: World) -> None:
    world.orders()
    world.source("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    world.target("ALTER TABLE orders_copy FORCE ROW LEVEL SECURITY; ALTER TABLE orders_copy ENABLE ROW LEVEL SECURITY")
    told = [each.problem.message() for each in world.compiled("full_refresh").diagnostics if each.code == "DP242"]
    assert len(told) == 2
    assert "row security is on at the source (enabled)" in told[0]
    assert "row security is on (forced)" in told[1]


@on("chdb")
@pytest.mark.parametrize("mode", ["incremental_merge", "snapshot_diff"])
def test_rows_that_a_rewrite_would_not_see_stop_it(world: World, mode: str) -> None:
    """The server here makes no row policies; a filter of the statement hides rows from it in the same way."""
    world.orders()
    world.insert(order(1), order(2), order(3, day="2026-02-01"))
    cursor = {"source": {"cursor": CURSOR}} if mode == "incremental_merge" else {}
    world.load(mode, key=["id"], **cursor).run()
    world.same(before := world.source_rows())
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    hides = f", additional_table_filters = {{'{world.table[0]}.orders_copy': 'id <> 2'}}\n"
    mutate(
        world, "build-rewrite.sql", lambda body: re.sub(r"(SETTINGS [^\n]*)\n", lambda found: found[1] + hides, body)
    )
    assert "a row policy hides rows of the target" in world.fails("DP423").message
    world.same(before)


@on("chdb")
def test_rows_that_a_delete_has_marked_are_not_taken_for_hidden(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2), order(3))
    world.load("incremental_merge", key=["id"], source={"cursor": CURSOR}).run()
    world.target("DELETE FROM orders_copy WHERE id = 3")
    world.source("DELETE FROM orders WHERE id = 3; UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 1")
    world.run()
    world.same(world.source_rows())
