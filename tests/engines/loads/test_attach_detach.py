"""partition_replace by ATTACH and DETACH: new partitions built beside the target take the old ones' place in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.engines.loads import model
from tests.engines.loads.model import Order, order
from tests.engines.loads.test_mutants import mutate
from tests.engines.loads.world import CURSOR, World, on

MONTHLY = {"column": "day", "by": "month"}
SWAPPING = {"partition": MONTHLY, "readers": "tolerant", "merge_policy": "attach_detach"}
POSTGRES = ("pg18", "pg15")
SOURCE = "CREATE TABLE orders (id bigint, amount numeric(18,2) NOT NULL, note text, day date, at timestamptz NOT NULL)"


def partitioned(world: World, *, null_day: str = " NOT NULL", months: int = 4) -> World:
    """Orders on both sides; the target has a partition a month, an index, a default and a CHECK of its own."""
    world.source(
        "CREATE TABLE orders (id bigint, amount numeric(18,2) NOT NULL, note text, day date, at timestamptz NOT NULL)"
    )
    world.target(
        f"CREATE TABLE orders_copy (id bigint, amount numeric(18,2) NOT NULL, note text, day date{null_day}, at timestamptz NOT NULL,"
        " loaded text DEFAULT 'by hand', CHECK (amount >= 0), PRIMARY KEY (id, day)) PARTITION BY RANGE (day)"
    )
    world.target("CREATE INDEX orders_copy_note ON orders_copy (note)")
    for month in range(1, months + 1):
        world.target(
            f"CREATE TABLE orders_m{month} PARTITION OF orders_copy FOR VALUES FROM ('2026-0{month}-01') TO ('2026-0{month + 1}-01')"
        )
    return world


def swapping(world: World, **given: object) -> World:
    return world.load("partition_replace", key=["id"], **{**SWAPPING, "source": {"cursor": CURSOR}, **given})


def ask(world: World, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(world.target_url, autocommit=True) as session:
        return session.execute(query).fetchall()


def structure(world: World) -> list[tuple[object, ...]]:
    """Partitions with bounds, owner, privileges, comment, options, constraints and indexed columns; names of indexes may change."""
    granted = "array_agg(a.attname || a.attacl::text ORDER BY a.attname) FROM pg_attribute a WHERE attrelid = c.oid AND attacl IS NOT NULL"
    checked = "array_agg(d ORDER BY d) FROM pg_constraint k, pg_get_constraintdef(k.oid) d WHERE conrelid = c.oid AND contype <> 'n'"
    indexed = "array_agg(i.indkey::text ORDER BY i.indkey::text) FROM pg_index i WHERE i.indrelid = c.oid"
    return ask(
        world,
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), c.relowner::regrole::text, c.relacl::text,"
        " obj_description(c.oid, 'pg_class'), c.reloptions, c.relreplident,"
        f" (SELECT {granted}), (SELECT {checked}), (SELECT {indexed})"
        " FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'orders_copy'::regclass ORDER BY 1",
    )


@on(*POSTGRES)
def test_changed_moved_and_deleted_rows(world: World) -> None:
    partitioned(world)
    world.insert(*(order(i, f"v1 {i}", f"2026-0{1 + i % 3}-0{i}") for i in range(1, 9)))
    swapping(world).run()
    before = world.source_rows()
    world.same(before)
    # 1 moves from February to April; 2 is deleted unseen in March; 3 changes in January, where 6 is deleted, and goes with it.
    now = world.now()
    changed = [order(1, "moved", "2026-04-01", now), order(3, "v2", "2026-01-03", now)]
    world.source("DELETE FROM orders WHERE id IN (1, 2, 3, 6)")
    world.insert(*changed)
    world.run()
    world.same(model.partition_replace(before, world.source_rows(), changed.__contains__))


@on(*POSTGRES)
def test_a_late_row_that_moved_leaves_its_old_partition(world: World) -> None:
    """It moved below the window, so its old partition is not exchanged: there it is deleted by key, and the rest stays."""
    partitioned(world)
    world.insert(order(1), order(2, day="2026-02-01"), order(3))
    swapping(world).run()
    world.source("UPDATE orders SET day = '2026-02-02' WHERE id = 1")
    world.source("UPDATE orders SET note = 'v2', at = clock_timestamp() WHERE id = 2")
    world.run()
    world.same(world.source_rows())


@on(*POSTGRES)
def test_what_hangs_on_a_partition_is_taken_over(world: World) -> None:
    partitioned(world)
    reader = f"dponec_reader_{world.target_url.rpartition('/')[2].lower()}"[:60]
    world.target(f'CREATE ROLE "{reader}"')
    try:
        world.target(
            f'GRANT SELECT ON orders_m1 TO "{reader}"; GRANT UPDATE (note) ON orders_m1 TO "{reader}" WITH GRANT OPTION;'
            " COMMENT ON TABLE orders_m1 IS 'it''s January'; ALTER TABLE orders_m1 SET (fillfactor = 70);"
            " ALTER TABLE orders_m1 REPLICA IDENTITY FULL; CREATE INDEX ON orders_m1 (amount);"
            " ALTER TABLE orders_m1 ADD CHECK (note <> 'never')"
        )
        expected = structure(world)
        world.insert(order(1), order(2, day="2026-02-01"))
        swapping(world).run()
        world.same(world.source_rows())
        assert structure(world) == expected
        assert ask(world, "SELECT DISTINCT loaded FROM orders_copy") == [("by hand",)]
    finally:
        world.target(f'DROP OWNED BY "{reader}"; DROP ROLE "{reader}"')


@on("pg18")
def test_grants_that_are_not_copied_are_seen(world: World) -> None:
    """The mutant of the test above."""
    partitioned(world)
    world.target("GRANT SELECT ON orders_m1 TO PUBLIC")
    expected = structure(world)
    world.insert(order(1))
    mutate(
        swapping(world), "swap-partitions", lambda text: text.replace("EXECUTE format('GRANT", "PERFORM format('GRANT")
    )
    world.run()
    assert structure(world) != expected


@on("pg18")
def test_attach_does_not_scan(world: World) -> None:
    """The server says so itself, and without our CHECK it does not."""
    partitioned(world, null_day="")
    world.insert(order(1))
    swapping(world)
    for known in (True, False):
        if not known:
            mutate(
                world,
                "build-partitions",
                lambda text: text.replace("IS NOT NULL AND %I >= %L AND %I < %L", "IS NOT NULL OR %I < %L OR %I < %L"),
            )
        notices: list[str] = []
        steps = {path.name.split("-", 1)[1]: path.read_text() for path in sorted((world.bundle / "steps").iterdir())}
        world.source("UPDATE orders SET at = clock_timestamp()")
        assert watched(world, steps, notices) is None
        world.run()
        implied = [text for text in notices if "is implied by existing constraints" in text]
        assert bool(implied) is known, notices


def watched(world: World, steps: dict[str, str], notices: list[str]) -> None:
    """Build and swap with the bundle's own bodies, everything undone; what the server says of ATTACH is kept."""
    with psycopg.connect(world.target_url) as session:
        session.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        session.execute(
            f"CREATE TABLE {staging_name(steps)} AS SELECT id, amount, note, day, at FROM orders_copy WHERE false"
        )
        session.execute(f"INSERT INTO {staging_name(steps)} VALUES (1, 1, 'x', '2026-01-01', now())")
        session.execute(
            "INSERT INTO dponec.dponec_state (load, run_id, fence, phase, rows_staged) VALUES ('orders', 'r', 7, 'staged', 1)"
            " ON CONFLICT (load) DO UPDATE SET run_id = 'r', fence = 7, phase = 'staged', rows_staged = 1, lease_owner = 'r'"
        )
        session.execute(
            "SELECT set_config('dponec.run_id', 'r', true), set_config('dponec.fence', '7', true),"
            " set_config('dponec.partitions', '[\"2026-01-01\"]', true), set_config('client_min_messages', 'debug1', true)"
        )
        body = steps["build-partitions.sql"]
        session.execute(body[: body.index("  IF built IS DISTINCT FROM expected")] + "END $dponec$;")  # type: ignore[arg-type]
        session.execute(steps["swap-partitions.sql"])  # type: ignore[arg-type]
        session.rollback()


def staging_name(steps: dict[str, str]) -> str:
    text = steps["create-rows.sql"]
    return text[text.index("UNLOGGED TABLE ") + len("UNLOGGED TABLE ") : text.index(" AS\n")]


@on(*POSTGRES)
def test_partitions_that_the_source_empties(world: World) -> None:
    partitioned(world)
    world.insert(order(1), order(2, day="2026-02-01"))
    swapping(world, source={}, empty_slice="clear").run()
    world.source("DELETE FROM orders WHERE id = 1")
    world.run()
    world.same(world.source_rows())
    world.source("DELETE FROM orders")
    world.run()
    world.same([])
    assert len(structure(world)) == 4


@on("pg18")
def test_a_partition_that_is_not_there_is_not_made_up(world: World) -> None:
    partitioned(world)
    world.insert(order(1), order(2, day="2026-09-01"))
    swapping(world).fails("DP506")
    world.same([])
    world.target("CREATE TABLE orders_m9 PARTITION OF orders_copy FOR VALUES FROM ('2026-09-01') TO ('2026-10-01')")
    world.run()
    world.same(world.source_rows())


@on("pg18")
def test_instants_by_the_day_in_utc_whatever_the_session_says(world: World) -> None:
    world.source(
        "CREATE TABLE orders (id bigint, amount numeric(18,2) NOT NULL, note text, day date, at timestamptz NOT NULL)"
    )
    world.target(
        "CREATE TABLE orders_copy (id bigint, amount numeric(18,2), note text, day date, at timestamptz NOT NULL) PARTITION BY RANGE (at)"
    )
    for day in (1, 2):
        world.target(
            f"CREATE TABLE d{day} PARTITION OF orders_copy FOR VALUES FROM ('2026-01-0{day} 00:00+00') TO ('2026-01-0{day + 1} 00:00+00')"
        )
    name = world.target_url.rpartition("/")[2]
    world.target(f"ALTER DATABASE \"{name}\" SET TimeZone = 'Asia/Kolkata'")
    world.insert(order(1, at="2026-01-01 23:30"), order(2, at="2026-01-02 00:30"))
    world.load(
        "partition_replace", key=["id"], source={}, **{**SWAPPING, "partition": {"column": "at", "by": "day"}}
    ).run()
    world.same(world.source_rows())
    assert ask(world, "SELECT count(*) FROM d1") == [(1,)]


@on("pg18")
@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("CREATE TABLE d PARTITION OF orders_copy DEFAULT", "default partition"),
        ("CREATE TABLE y PARTITION OF orders_copy FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')", "no whole month"),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            " CREATE TRIGGER audit AFTER INSERT ON orders_copy FOR EACH ROW EXECUTE FUNCTION f()",
            "trigger audit",
        ),
        ("CREATE TABLE lines (id bigint, day date, FOREIGN KEY (id, day) REFERENCES orders_copy)", "refers to it"),
        (
            "CREATE TABLE notes (note text PRIMARY KEY); ALTER TABLE orders_copy ADD FOREIGN KEY (note) REFERENCES notes",
            "foreign key",
        ),
        ("CREATE PUBLICATION pub FOR TABLE orders_copy", "publication pub"),
        ("ALTER TABLE orders_copy ENABLE ROW LEVEL SECURITY", "row security"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_by_name(world: World, made: str, named: str) -> None:
    partitioned(world)
    world.insert(order(1))
    swapping(world)
    world.target(made)
    # Behind the back of a compiled plan: the run sees it before anything changes, or it does no harm (a partition for other years).
    if named != "no whole month":
        world.fails("DP420")
        world.same([])
        world.state("abort", run_id=world.state("show")["run_id"])
    assert named in world.refuses("DP231", "partition_replace", key=["id"], source={"cursor": CURSOR}, **SWAPPING)
    assert world.load("partition_replace", key=["id"], source={"cursor": CURSOR}, partition=MONTHLY, readers="tolerant")
    assert world.opened().doc.decision["merge_policy"] == "delete_insert"


@on("pg18")
def test_the_judge_goes_by_readers_and_size(world: World) -> None:
    partitioned(world)

    def chosen(**given: object) -> str:
        loaded = world.load(
            "partition_replace", key=["id"], source={"cursor": CURSOR}, **{"partition": MONTHLY, **given}
        )
        return str(loaded.opened().doc.decision["merge_policy"])

    assert "readers: tolerant" in world.refuses(
        "DP231", "partition_replace", key=["id"], partition=MONTHLY, merge_policy="attach_detach"
    )
    assert chosen(readers="tolerant") == "delete_insert"
    world.target(
        "INSERT INTO orders_copy SELECT n, 1, '', '2026-01-01', now() FROM generate_series(1, 20) n; ANALYZE orders_m1"
    )
    world.target("UPDATE pg_class SET reltuples = 2000000 WHERE relname = 'orders_m1'")
    assert chosen(readers="tolerant") == "attach_detach"
    assert chosen() == "delete_insert"
    plan = (world.bundle / "plan.md").read_text()
    assert "attach_detach" in plan and "readers: tolerant is not declared" in plan


@on("pg18")
def test_a_limit_on_deletes_counts_what_leaves_with_the_old_partition(world: World) -> None:
    partitioned(world)
    world.insert(*(order(i) for i in range(1, 11)))
    swapping(world, source={}).run()
    world.source("DELETE FROM orders WHERE id > 2")
    swapping(world, source={}, sink={"limits": {"max_delete_ratio": 0.5}})
    world.fails("DP507")
    assert world.count() == 10


# ---- readers ---------------------------------------------------------------------------------------------------------


@contextmanager
def reading(world: World, level: str) -> Iterator[list[int]]:
    """A reader in a loop at one isolation level; what it counted, in order. A transaction that the swap held up just waits."""
    seen: list[int] = []
    stop = threading.Event()

    def loop() -> None:
        with psycopg.connect(world.target_url, autocommit=True) as session:
            while not stop.is_set():
                session.execute(f"BEGIN ISOLATION LEVEL {level}")  # type: ignore[arg-type]
                seen.append(session.execute("SELECT count(*) FROM orders_copy").fetchone()[0])  # type: ignore[index]
                session.execute("COMMIT")

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(timeout=30)


@on(*POSTGRES)
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_reader_in_a_loop_sees_the_old_rows_or_the_new_ones(world: World, level: str) -> None:
    partitioned(world)
    world.insert(*(order(i) for i in range(1, 101)))
    swapping(world, source={}).run()
    world.source("DELETE FROM orders WHERE id <= 40")
    with reading(world, level) as seen:
        while not seen:
            pass
        world.run()
        after = len(seen)
        while len(seen) < after + 2:
            pass
    # A snapshot that is taken before the swap and first used after it may see nothing; the plan says so, and nothing else.
    assert set(seen) <= ({100, 60} if level == "READ COMMITTED" else {100, 60, 0}), set(seen)
    assert seen[0] == 100 and seen[-1] == 60


@on("pg18")
def test_detach_and_attach_in_two_transactions_are_seen_by_a_reader(world: World) -> None:
    """The mutant: the swap commits between the two. A reader then finds a partition missing."""
    partitioned(world)
    world.insert(*(order(i) for i in range(1, 101)))
    swapping(world, source={}).run()
    mutate(
        world,
        "swap-partitions",
        lambda text: text.replace(
            "    EXECUTE format('ALTER TABLE %s ATTACH", "    CONTINUE;\n    EXECUTE format('ALTER TABLE %s ATTACH"
        ),
    )
    outcome = world.outcome()
    assert outcome.code == "DP510"  # the count of the scope, inside the transaction
    assert world.count() == 100
    mutate(world, "reconcile", lambda text: text.replace("IS DISTINCT FROM expected", "IS NULL"))
    assert world.outcome().exit_code == 0
    assert world.count() == 0


@on(*POSTGRES)
def test_an_old_snapshot_sees_what_the_plan_says(world: World) -> None:
    partitioned(world)
    world.target("CREATE TABLE other (a int)")
    world.insert(order(1), order(2))
    swapping(world, source={}).run()
    with psycopg.connect(world.target_url) as fresh, psycopg.connect(world.target_url) as used:
        for session in (fresh, used):
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        fresh.execute("SELECT count(*) FROM other")  # a snapshot, and no lock on the target
        world.run()
        # The first to read after COMMIT: the rows of the new partition are younger than its snapshot.
        assert fresh.execute("SELECT count(*) FROM orders_copy").fetchone() == (0,)
        assert "sees NO rows" in (world.bundle / "plan.md").read_text()
        fresh.rollback()
        # One that has read the target holds the swap up, and no half of it is seen.
        assert used.execute("SELECT count(*) FROM orders_copy").fetchone() == (2,)
        swapping(world, source={}, sink={"limits": {"lock_timeout": 1}})
        held = world.outcome()
        assert (held.code, held.exit_code) == ("DP422", 5), held
        assert used.execute("SELECT count(*) FROM orders_copy").fetchone() == (2,)
        used.rollback()
    world.run()
    world.same(world.source_rows())
    assert model.everything(Order(*world.rows()[0]))


@on("pg18")
def test_a_window_without_changes_builds_nothing(world: World) -> None:
    partitioned(world)
    world.insert(order(1))
    swapping(world).run()
    world.run()
    world.same(world.source_rows())
