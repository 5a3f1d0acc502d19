"""Windows of a source that is a streaming standby, whose replay may lie behind its clock."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from dpone_compiler.backends.postgres import BACKEND
from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
from dpone_compiler.ir.interval import Interval
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import FreezeWindow
from tests.engines.postgres_lab import Lab, a_context, a_load, connect, refused

_FOLLOWS = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"


class Pair:
    """A primary with a table, and a standby that follows it."""

    def __init__(self, primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> None:
        self.primary, self.standby = primary, standby

    def commit(self, *, followed: bool = True) -> None:
        """Commit a row on the primary."""
        with psycopg.connect(self.primary.url, autocommit=True) as session:
            session.execute("INSERT INTO source (at) VALUES (clock_timestamp())")
            row = session.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        if followed:
            with psycopg.connect(self.standby.url, autocommit=True) as session:
                deadline = time.monotonic() + 20
                while session.execute(_FOLLOWS, row).fetchone() != (True,):
                    assert time.monotonic() < deadline, "the standby does not follow"
                    time.sleep(0.02)

    def freeze(self, native: str = "timestamp with time zone", column: str = "at", **more: object) -> str:
        """The window's high end, as the standby gives it."""
        action = FreezeWindow(
            interval=Interval(column=column, type=BACKEND.parse_type(native)),
            **{"lookback": 0, "assigned_by_database": False, "lag": None, **more},  # type: ignore[arg-type]
        )
        table = TableRef("public", "source")
        with closing(connect(self.standby.url)) as source:
            lab = Lab(a_context(a_load((), table, table), action), source, source)
            lab.on_source(action)
        return lab.values["window_high"]


def _folder(stack: ExitStack) -> Path:
    """Where the server's own account may enter, as it may not below the folders of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="dponec-standby-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return folder


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with ExitStack() as stack:
        first, second = _folder(stack), _folder(stack)
        with start_postgres(first) as made, psycopg.connect(made.url, autocommit=True) as session:
            session.execute("CREATE TABLE source (id int GENERATED ALWAYS AS IDENTITY, at timestamptz)")
        shutil.copytree(first, second, dirs_exist_ok=True)
        (second / "standby.signal").touch()
        owner = first.stat()
        for path in (second, *second.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
        primary = stack.enter_context(start_postgres(first))
        told = {"primary_conninfo": f"host=127.0.0.1 port={primary.port} user=postgres"}
        yield Pair(primary, stack.enter_context(start_postgres(second, settings=told)))


@pytest.mark.postgres_wheel
def test_nothing_replayed_is_refused(pair: Pair) -> None:
    """A standby that has just been started over, and a primary at rest."""
    assert "has replayed no commit" in refused("DP430", lambda: pair.freeze(lag=1))


@pytest.mark.postgres_wheel
def test_a_lag_counts_from_the_last_replayed_commit(pair: Pair) -> None:
    pair.commit()
    with psycopg.connect(pair.standby.url, autocommit=True) as session:
        session.execute("SELECT pg_wal_replay_pause()")
        pair.commit(followed=False)
        time.sleep(1.5)
        high = pair.freeze(lag=1)
        row = session.execute(
            "SELECT max(at) - interval '1 second' + interval '0.5 s' >= %s FROM source", (high,)
        ).fetchone()
        session.execute("SELECT pg_wal_replay_resume()")
    assert row == (True,), high
    pair.commit()
    assert pair.freeze(lag=1) > high


@pytest.mark.postgres_wheel
@pytest.mark.parametrize("lag", [None, 1])
def test_a_sequence_is_not_read_from_a_standby(pair: Pair, lag: int | None) -> None:
    assert "is a standby" in refused("DP430", lambda: pair.freeze("integer", "id", lag=lag))


@pytest.mark.postgres_wheel
def test_open_transactions_are_not_read_from_a_standby(pair: Pair) -> None:
    assert "is a standby" in refused("DP430", lambda: pair.freeze(assigned_by_database=True))
