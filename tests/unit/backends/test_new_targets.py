"""What an engine has no room for is refused at compile, and what it lacks is made of what it has."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import Endpoint, Load, Partitioning, PartitionUnit, Read, Write
from dpone_compiler.ir.schema import Column, EngineFacts, TableRef
from dpone_compiler.registry import backend
from dpone_compiler.spi.backend import NewTable

OLD = EngineFacts(engine="clickhouse", version=(18, 16, 1))


def asked(engine: str, *columns: Column, key: tuple[str, ...] = (), server: EngineFacts | None = None) -> NewTable:
    ends = [Endpoint(engine=name, connection=name, table=TableRef("s", "t")) for name in ("postgres", engine)]
    load = Load(name="l", read=Read(endpoint=ends[0]), write=Write(endpoint=ends[1], key=key))
    return NewTable(load=load, engine=server, columns=columns, strategy="full_refresh", unique=bool(key))


def stored(new: NewTable, **said: object) -> NewTable:
    """The same table with dpone's words for its storage."""
    below = "sink.options.physical_design.storage.clickhouse."
    passed = tuple((below + key, json.dumps(value)) for key, value in sorted(said.items()))
    return replace(new, load=replace(new.load, passthrough=passed))


def column(engine: str, name: str, native: str, *, nullable: bool = False) -> Column:
    return Column(name=name, type=backend(engine).parse_type(native), native=native, nullable=nullable)


@pytest.mark.parametrize(("engine", "most"), [("postgres", 1600), ("mssql", 1024)])
def test_two_thousand_columns_are_too_many(engine: str, most: int) -> None:
    columns = [column(engine, f"c{number}", "bigint") for number in range(2000)]
    refused = backend(engine).new_target(asked(engine, *columns))
    assert (refused.structure, str(most) in refused.refused) == (None, True)
    made = backend(engine).new_target(asked(engine, *columns[:most]))
    assert made.structure is not None
    assert len(made.structure.columns) == most


def test_two_thousand_columns_are_few_for_clickhouse() -> None:
    made = backend("clickhouse").new_target(
        asked("clickhouse", *(column("clickhouse", f"c{number}", "Int64") for number in range(2000)))
    )
    assert made.structure is not None
    assert len(made.structure.columns) == 2000


@pytest.mark.parametrize(
    ("native", "older"),
    [
        ("Bool", "UInt8"),
        ("Date32", "Date"),
        ("DateTime64(6, 'UTC')", "DateTime('UTC')"),
        ("Int128", "String"),
        ("Decimal(76, 4)", "String"),
        ("Decimal(38, 4)", "Decimal(38, 4)"),
        ("UUID", "UUID"),
    ],
)
def test_a_server_of_2018_gets_the_types_that_it_has(native: str, older: str) -> None:
    wanted = [column("clickhouse", "a", native), column("clickhouse", "b", f"Nullable({native})", nullable=True)]
    made = backend("clickhouse").new_target(asked("clickhouse", *wanted, server=OLD))
    assert made.structure is not None
    assert [c.native for c in made.structure.columns] == [older, f"Nullable({older})"]


def test_texts_of_a_key_fit_into_an_index_of_sql_server() -> None:
    columns = (
        column("mssql", "a", "nvarchar(max)"),
        column("mssql", "b", "nvarchar(20)"),
        column("mssql", "c", "bigint"),
        column("mssql", "rest", "nvarchar(max)", nullable=True),
        column("mssql", "counter", "rowversion"),
    )
    made = backend("mssql").new_target(asked("mssql", *columns, key=("a", "b", "c")))
    assert made.structure is not None
    assert [c.native for c in made.structure.columns] == [
        "nvarchar(220)",
        "nvarchar(20)",
        "bigint",
        "nvarchar(max)",
        "bigint",
    ]


@pytest.mark.parametrize("engine", ["bigquery", "kafka"])
def test_an_engine_without_plans_makes_nothing(engine: str) -> None:
    one = Column(name="a", type=DataType(kind=Kind.INT), native="bigint")
    assert "makes no tables" in backend(engine).new_target(asked(engine, one)).refused


DAYS = Partitioning(column="day", unit=PartitionUnit.DAY)
STORAGE = {
    "another engine": ({"engine": "ReplacingMergeTree(v)"}, "merge_policy decides"),
    "no such column": ({"order_by": ["id", "gone"]}, "orders by 'gone'"),
    "an expression": ({"order_by": "id, cityHash64(id)"}, "orders by 'cityHash64(id)'"),
    "NULL in the order": ({"order_by": ["note"]}, "orders by 'note'"),
    "a column of our own": ({"order_by": ["own"]}, "orders by 'own'"),
    "not a list": ({"order_by": {"id": 1}}, "orders by"),
    "another function": ({"partition_by": "cityHash64(id) % 8"}, "neither a column nor"),
    "two columns": ({"partition_by": "(day, id)"}, "neither a column nor"),
    "an open bracket": ({"partition_by": "toYYYYMM(day"}, "neither a column nor"),
    "statements": ({"partition_by": "day; DROP TABLE x"}, "neither a column nor"),
    "NULL as a partition": ({"partition_by": "note"}, "partitions by 'note'"),
    "no month of a number": ({"partition_by": "toYYYYMM(id)"}, "and 'id' is"),
    "no hour of a day": ({"partition_by": "toStartOfHour(day)"}, "and 'day' is"),
    "another unit": ({"partition_by": "toYYYYMM(day)"}, "strategy.partition by day of 'day'"),
}


@pytest.mark.parametrize("case", STORAGE)
def test_storage_that_the_steps_cannot_live_with_is_refused(case: str) -> None:
    said, why = STORAGE[case]
    columns = (
        column("clickhouse", "id", "Int64"),
        column("clickhouse", "day", "Date32"),
        column("clickhouse", "note", "Nullable(String)", nullable=True),
        column("clickhouse", "own", "UInt8"),
    )
    new = replace(asked("clickhouse", *columns, key=("id",)), own=("own",))
    if case == "another unit":
        new = replace(new, load=replace(new.load, write=replace(new.load.write, partition=DAYS)))
    refused = backend("clickhouse").new_target(stored(new, **said))
    assert refused.structure is None
    assert why in refused.refused


def test_versions_of_a_row_are_kept_together() -> None:
    columns = (column("clickhouse", "id", "Int64"), column("clickhouse", "v", "Int64"))
    new = asked("clickhouse", *columns, key=("id",))
    write = replace(new.load.write, merge_policy="replacing_merge_tree", version_column="v")
    new = replace(new, load=replace(new.load, write=write))
    made = backend("clickhouse").new_target(
        stored(new, engine="ReplacingMergeTree", order_by=["id"], partition_by="id")
    )
    assert made.structure is not None
    assert (made.structure.sorting_key, made.structure.partition_key) == ("id", "id")
    for said, why in (
        ({"order_by": ["id", "v"]}, "order by the key alone"),
        ({"partition_by": "v"}, "one partition only"),
    ):
        assert why in backend("clickhouse").new_target(stored(new, **said)).refused


@pytest.mark.parametrize(
    ("native", "indexed"), [("nvarchar(850)", True), ("nvarchar(851)", False), ("nvarchar(max)", False)]
)
def test_a_column_longer_than_an_index_key_gets_no_index(native: str, indexed: bool) -> None:
    """Of an index that is not clustered a key has 1700 bytes; a longer value would be refused when it comes."""
    new = asked("mssql", column("mssql", "id", "bigint"), column("mssql", "part", native), key=("id",))
    write = replace(new.load.write, partition=Partitioning(column="part", unit=PartitionUnit.VALUE))
    new = replace(new, load=replace(new.load, write=write))
    made = backend("mssql").new_target(new)
    assert made.structure is not None
    assert (("part",) in made.structure.indexes) is indexed
