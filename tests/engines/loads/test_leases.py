"""Who may take a lease, asked at the last moment: its holder came after the state was read."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.engines.loads.hooks import Died, When, death
from tests.engines.loads.model import order
from tests.engines.loads.test_interrupted import LOADS
from tests.engines.loads.world import World, on

_SOON, _OVER = "clock_timestamp() + interval '1 hour'", "clock_timestamp() - interval '1 second'"
_TAKEN = (
    "UPDATE dponec.dponec_state SET lease_owner = 'other', lease_until = {until}, lease_backend = {pid}, "
    "lease_backend_start = {since}"
)
# (until, pid, since) of a holder, and whether the lease is his yet. The pid is that of a session that lives.
HOLDERS = {
    "lives": ((_SOON, "{pid}", "{since}"), True),
    "was-silent-too-long": ((_OVER, "{pid}", "{since}"), False),
    "is-gone": ((_SOON, "2147483647", "{since}"), False),
    "had-the-number-of-another": ((_SOON, "{pid}", "{since} - interval '1 second'"), False),
    "is-not-known": ((_SOON, "NULL", "NULL"), True),
}


def _ready(world: World, load: str) -> World:
    world.orders()
    world.insert(order(1), order(2))
    mode, given = LOADS[load]
    world.load(mode, **given).run()
    return world


def _taken(holder: psycopg.Connection[Any], until: str, pid: str, since: str) -> bytes:
    """The statement by which this session takes the lease."""
    own = {"pid": str(holder.info.backend_pid)}
    own["since"] = f"(SELECT backend_start FROM pg_stat_activity WHERE pid = {own['pid']})"
    return _TAKEN.format(until=until, pid=pid.format(**own), since=since.format(**own)).encode()


@on("pg18")
@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("load", LOADS)
def test_a_lease_is_left_to_a_holder_that_lives(world: World, load: str, holder: str) -> None:
    _ready(world, load)
    given, his = HOLDERS[holder]
    with psycopg.connect(world.target_url, autocommit=True) as session:
        taken = _taken(session, *given)
        ended = world.outcome(faults=When("before:acquire-lease", lambda: session.execute(taken)))
    assert (ended.code, ended.exit_code) == (("DP413", 4) if his else ("", 0)), ended
    assert world.answer("SELECT lease_owner FROM dponec.dponec_state WHERE load = 'orders'") == (
        "other" if his else "None"
    )


@on("pg18")
@pytest.mark.parametrize("load", LOADS)
def test_a_holder_whose_session_may_not_be_looked_at_keeps_its_lease(world: World, load: str) -> None:
    """pg_stat_activity hides backend_start of other roles' sessions."""
    _ready(world, load)
    superuser, role = world.target_url, f"narrow_{world.target_url.rpartition('/')[2]}"
    world.target(
        f"CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public, dponec TO {role}; "
        f"GRANT ALL ON ALL TABLES IN SCHEMA public, dponec TO {role}"
    )
    try:
        with psycopg.connect(superuser, autocommit=True) as holder:
            taken = _taken(holder, *HOLDERS["lives"][0])
            world.target_url = superuser.replace("postgres@", f"{role}@")
            ended = world.outcome(faults=When("before:acquire-lease", lambda: holder.execute(taken)))
    finally:
        world.target_url = superuser
        world.target(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert (ended.code, ended.exit_code) == ("DP413", 4), ended


@on("pg18")
@pytest.mark.parametrize("load", LOADS)
def test_the_lease_of_an_unfinished_run_is_its_own(world: World, load: str) -> None:
    """Nobody knows whether its holder lives. What is about to end is taken; what was over and is prolonged has a living holder."""
    _ready(world, load)
    unknown = "UPDATE dponec.dponec_state SET lease_owner = run_id, lease_backend = NULL, lease_backend_start = NULL, lease_until = "
    with pytest.raises(Died):
        world.outcome(faults=death("before:transfer-rows"))
    world.target(unknown + _OVER)
    ended = world.outcome(faults=When("before:acquire-lease", lambda: world.target(unknown + _SOON)))
    assert (ended.code, ended.exit_code) == ("DP413", 4), ended
    world.target(unknown + "clock_timestamp() + interval '900 milliseconds'")
    world.run(resume=world.state("show")["run_id"])
    world.same(world.source_rows())
