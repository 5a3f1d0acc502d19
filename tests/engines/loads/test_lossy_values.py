"""Values that a target cannot hold: counted in the source before anything is sent, and never changed without a word."""

from __future__ import annotations

import re

from tests.engines.loads.world import World, on

# column -> (its type in the source, types of the target, a value that survives, one that does not).
_TYPES = {
    "chdb": (
        ("d", "date", "Nullable(Date)", "2026-01-31", "1900-01-01"),
        ("d32", "date", "Nullable(Date32)", "1900-01-01", "infinity"),
        ("t", "timestamptz", "Nullable(DateTime('UTC'))", "2026-01-31 12:00:00+00", "1969-12-31 23:59:59+00"),
        ("t0", "timestamptz", "Nullable(DateTime('UTC'))", "2026-01-31 12:00:00+00", "2026-01-31 12:00:00.5+00"),
        ("t64", "timestamp", "Nullable(DateTime64(6, 'UTC'))", "1900-01-01 00:00:00.000001", "infinity"),
        ("n", "numeric", "Nullable(Decimal(10, 2))", "1.23", "1.239"),
        ("big", "numeric", "Nullable(Decimal(10, 2))", "99999999.99", "100000000"),
        ("nan", "numeric(10,2)", "Nullable(Decimal(10, 2))", "1.20", "NaN"),
        ("i", "bigint", "Nullable(Int32)", "2147483647", "2147483648"),
        ("u", "integer", "Nullable(UInt32)", "0", "-1"),
        ("f", "double precision", "Nullable(Float32)", "1.5", "0.1"),
        ("r", "numeric", "Nullable(Float64)", "0.1", "0.12345678901234567890"),
        ("e", "text", "Nullable(Enum8('a' = 1))", "a", "b"),
        ("x", "text", "Nullable(FixedString(3))", "abc", "abcd"),
        ("z", "text", "String", "", None),
    ),
    "pg18": (
        ("n", "numeric", "numeric(10,2)", "1.23", "1.239"),
        ("big", "numeric", "numeric(10,2)", "99999999.99", "100000000"),
        ("i", "bigint", "integer", "2147483647", "-2147483649"),
        ("f", "double precision", "real", "1.5", "0.1"),
        ("far", "double precision", "real", "Infinity", "1e300"),
        ("r", "bigint", "double precision", "9007199254740992", "9007199254740993"),
        ("t", "timestamp(6)", "timestamp(3)", "2026-01-31 12:00:00.001", "2026-01-31 12:00:00.0011"),
        ("d", "timestamp", "date", "2026-01-31 00:00:00", "2026-01-31 00:00:01"),
        ("o", "timetz", "time", "12:00:00+00", "12:00:00+02"),
        ("v", "text", "varchar(3)", "ab", "abcd"),
        ("p", "text", "character(3)", "ab", "ab "),
        ("j", "json", "character(9)", "[1]", "[1] "),
        ("s", "interval", "interval(0)", "1 mon 02:00:01", "00:00:01.5"),
        ("b", "integer", "boolean", "1", "2"),
    ),
}
_TYPES["ch18"] = tuple(row for row in _TYPES["chdb"] if row[0] not in ("d32", "t64"))


def _tables(world: World, source: str, target: str) -> None:
    world.source(f"CREATE TABLE orders (id int NOT NULL, v {source})")
    if world.sink.clickhouse:
        world.make_target(columns=f"id Int32, v {target}", partition="")
    else:
        world.make_target(columns=f"id int NOT NULL, v {target}")


def _columns(policy: str) -> dict[str, object]:
    return {"columns": [{"name": "id"}, {"name": "v", "lossy": policy}]}


@on("chdb", "ch18", "pg18")
def test_a_value_that_cannot_survive_stops_the_load_and_changes_nothing(world: World) -> None:
    """All cases of a sink in one table, and each named once with its count."""
    cases = _TYPES[world.sink.name]
    world.source(f"CREATE TABLE orders (id int NOT NULL, {', '.join(f'{name} {given}' for name, given, *_ in cases)})")
    listed = ", ".join(f"{name} {wanted}" for name, _, wanted, *_ in cases)
    id_ = "id Int32" if world.sink.clickhouse else "id int NOT NULL"
    world.make_target(columns=f"{id_}, {listed}", partition="")
    insert = f"INSERT INTO orders VALUES ({', '.join(['%s'] * (len(cases) + 1))})"
    world.source(insert, [(1, *(good for *_, good, _ in cases))])
    columns = {"columns": [{"name": "id"}, *({"name": name, "lossy": "fail"} for name, *_ in cases)]}
    world.load("full_refresh", source=columns, reconcile="counts").run()
    before = world.asked("SELECT * FROM orders_copy")
    assert len(before) == 1
    world.source(insert, [(number, *(bad for *_, bad in cases)) for number in (2, 3)])
    outcome = world.fails("DP524")
    assert sorted(re.findall(r'column "(\w+)": 2 values', outcome.message)) == sorted(name for name, *_ in cases)
    assert world.asked("SELECT * FROM orders_copy") == before
    assert world.leftovers() == []


@on("chdb", "ch18", "pg18")
def test_clamp_puts_the_nearest_value_and_null_puts_null(world: World) -> None:
    wanted = "Nullable(Decimal(10, 2))" if world.sink.clickhouse else "numeric(10,2)"
    _tables(world, "numeric", wanted)
    world.source("INSERT INTO orders VALUES (1, 1.239), (2, 1e12), (3, -1e12), (4, 1.2), (5, NULL), (6, 99999999.999)")
    world.load("full_refresh", source=_columns("clamp"), reconcile="content").run()
    most = "99999999.99"
    assert _values(world) == ["1.24", most, f"-{most}", "1.2", None, most]
    world.load("full_refresh", source=_columns("null"), reconcile="content").run()
    assert _values(world) == [None, None, None, "1.2", None, None]


def _values(world: World) -> list[str | None]:
    rows = world.asked("SELECT v FROM orders_copy ORDER BY id")
    texts = [None if row[0] in (None, "\\N") else str(row[0]) for row in rows]
    return [text.rstrip("0") if text and "." in text else text for text in texts]


@on("chdb", "ch18")
def test_dates_are_never_clamped_unless_asked(world: World) -> None:
    _tables(world, "date", "Nullable(Date)")
    last = "2105-12-31" if world.sink.name == "ch18" else "2149-06-06"
    world.source(f"INSERT INTO orders VALUES (1, '1900-01-01'), (2, '{last}'), (3, 'infinity'), (4, NULL)")
    world.load("full_refresh", source=_columns("fail"))
    assert f"2 values (dates outside of 1970-01-01 to {last}" in world.fails("DP524").message
    world.load("full_refresh", source=_columns("clamp"), reconcile="content").run()
    assert [row[0] for row in world.asked("SELECT v FROM orders_copy ORDER BY id")] == [
        "0000-00-00" if world.sink.name == "ch18" else "1970-01-01",  # day 0, as 18.16 writes it
        last, last, "\\N",
    ]  # fmt: skip


@on("chdb", "pg18")
def test_clamp_has_no_answer_for_nan(world: World) -> None:
    _tables(world, "numeric", "Nullable(Decimal(10, 2))" if world.sink.clickhouse else "integer")
    world.source("INSERT INTO orders VALUES (1, 'NaN')")
    world.load("full_refresh", source=_columns("clamp"))
    outcome = world.outcome()
    assert outcome.exit_code != 0
    assert world.count() == 0


@on("chdb", "pg18")
def test_only_the_window_is_counted(world: World) -> None:
    """Old rows that could not be loaded do not stop a window that holds none of them."""
    world.source("CREATE TABLE orders (id int NOT NULL, v numeric, at timestamptz NOT NULL)")
    if world.sink.clickhouse:
        world.make_target(columns="id Int32, v Nullable(Decimal(10,2)), at DateTime64(6, 'UTC')", partition="")
    else:
        world.make_target(columns="id int PRIMARY KEY, v numeric(10,2), at timestamptz")
    world.source("INSERT INTO orders VALUES (1, 1.5, clock_timestamp())")
    cursor = {"cursor": {"column": "at", "assigned_by": "database"}}
    world.load("incremental_merge", key=["id"], source=cursor).run()
    world.source("INSERT INTO orders VALUES (2, 1.239, '2001-01-01'), (3, 2.5, clock_timestamp())")
    world.run()
    assert world.count() == 2
    world.source("INSERT INTO orders VALUES (4, 1.239, clock_timestamp())")
    world.fails("DP524")
    assert world.count() == 2


@on("chdb", "pg18")
def test_a_policy_that_has_no_room_is_refused(world: World) -> None:
    _tables(world, "text", "String" if world.sink.clickhouse else "varchar(3) NOT NULL")
    assert "holds no NULL" in world.refuses("DP213", "full_refresh", source=_columns("null"))
    key = {"columns": [{"name": "id", "lossy": "clamp"}, {"name": "v"}]}
    assert "in the key" in world.refuses("DP213", "incremental_merge", source=key, key=["id"])
    number = {"columns": [{"name": "id", "lossy": "text"}, {"name": "v"}]}
    assert "no type of text" in world.refuses("DP213", "full_refresh", source=number)
