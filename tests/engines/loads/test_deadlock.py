"""The run as the victim of a deadlock: its transaction is rolled back whole, tried again, and ends well."""

from __future__ import annotations

import threading
import time

import psycopg

from tests.engines.loads.hooks import When
from tests.engines.loads.model import order
from tests.engines.loads.world import CURSOR, World, on

_HELD = "SELECT count(*) FROM pg_locks WHERE relation = 'orders_copy'::regclass AND mode = 'ShareRowExclusiveLock' AND granted"


class _Rival(threading.Thread):
    """Holds staging and then wants the target, which the run holds while it wants staging."""

    def __init__(self, url: str, staging: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._session = psycopg.connect(url)
        # The run's patience ends first, so that it is the one that the server picks.
        self._session.execute("SET deadlock_timeout = '30s'")
        self._session.execute(f'LOCK TABLE "{staging}" IN ACCESS EXCLUSIVE MODE'.encode())
        self.got_it = False

    def run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as looking:
            while looking.execute(_HELD).fetchone() == (0,):
                time.sleep(0.01)
        self._session.execute("LOCK TABLE orders_copy IN ACCESS EXCLUSIVE MODE")
        self.got_it = True
        self._session.commit()
        self._session.close()


@on("pg18", "pg15")
def test_a_deadlock_victim_tries_again(world: World) -> None:
    world.orders()
    world.insert(order(1), order(2))
    world.load("incremental_merge", key=["id"], merge_policy="delete_insert", source={"cursor": CURSOR}).run()
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp()")
    rivals: list[_Rival] = []

    def meet() -> None:
        (staging,) = world.leftovers()
        rivals.append(_Rival(world.target_url, staging))
        rivals[0].start()

    outcome = world.outcome(faults=When("before:fence-finalize", meet))
    rivals[0].join(60)
    assert rivals[0].got_it
    assert outcome.exit_code in (0, 4, 5), outcome
    if outcome.exit_code:
        assert outcome.retryable, outcome
        world.run()
    world.same(world.source_rows())
    journal = "".join(path.read_text(encoding="utf-8") for path in world.folder.rglob("journal*"))
    assert "40P01" in journal
