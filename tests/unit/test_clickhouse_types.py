"""ClickHouse types: reading, writing back, proposals, losses, partition keys, and the one literal renderer."""

from __future__ import annotations

import pytest

from dpone_compiler.backends.clickhouse.carry import carry
from dpone_compiler.backends.clickhouse.partition_key import elements, slice_refusal
from dpone_compiler.backends.clickhouse.types import propose_type
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.load import Partitioning, PartitionUnit
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.sql.clickhouse_names import ident, literal
from dpone_compiler.sql.clickhouse_native import native_sql
from dpone_compiler.sql.clickhouse_types import is_nullable, parse_type

NATIVE = {
    "Nullable(LowCardinality(String))": "text",
    "LowCardinality(Nullable(String))": "text",
    "Decimal(18, 3)": "decimal(18,3)",
    "Decimal64(4)": "decimal(18,4)",
    "DateTime64(3, 'Europe/Berlin')": "timestamp(3) with time zone",
    "DateTime": "timestamp(0) with time zone",
    "FixedString(5)": "text(5)",
    "UInt64": "uint64",
    "Int256": "int256",
    "Array(Nullable(Int8))": "array(int8)",
    "Enum8('a' = 1, 'b\\'c' = -2)": "Enum8('a' = 1, 'b\\'c' = -2)",
    "Map(String, Int8)": "Map(String, Int8)",
    "Tuple(a Int8, `b c` String)": "Tuple(a Int8, `b c` String)",
    "Nothing at all)": "Nothing at all)",
}


@pytest.mark.parametrize("native", NATIVE)
def test_native_types_are_read(native: str) -> None:
    assert parse_type(native).label() == NATIVE[native]
    assert is_nullable(native) is (native.startswith(("Nullable", "LowCardinality(Nullable")))


@pytest.mark.parametrize("native", list(NATIVE)[:-1])
def test_native_types_are_written_back(native: str) -> None:
    written = native_sql(native)
    assert written is not None
    assert written.text.replace("`a`", "a") == native


@pytest.mark.parametrize("native", ["Int8) ENGINE = Log --", "String; DROP TABLE t", "", "Int8 Int8", "Enum8('a' = "])
def test_text_that_is_no_type_is_never_written(native: str) -> None:
    assert native_sql(native) is None


@pytest.mark.parametrize(
    ("kind", "native"),
    [
        (DataType(kind=Kind.DECIMAL), "String"),
        (DataType(kind=Kind.DECIMAL, precision=10, scale=2), "Decimal(10, 2)"),
        (DataType(kind=Kind.TIMESTAMP, tz=True), "DateTime64(6, 'UTC')"),
        (DataType(kind=Kind.INT, bits=16, signed=False), "UInt16"),
        (DataType(kind=Kind.DATE), "Date32"),
    ],
)
def test_proposals(kind: DataType, native: str) -> None:
    assert propose_type(kind) == native
    assert parse_type(native).kind in {kind.kind, Kind.TEXT}


@pytest.mark.parametrize(
    ("kind", "native", "part"),
    [
        (DataType(kind=Kind.DECIMAL), "Nullable(Decimal(18, 3))", "NaN and infinity"),
        (DataType(kind=Kind.DECIMAL, precision=20, scale=4), "Nullable(Decimal(18, 3))", "decimal place 3"),
        (DataType(kind=Kind.DATE), "Nullable(Date)", "1970-01-01"),
        (DataType(kind=Kind.TIMESTAMP), "Nullable(DateTime)", "fractions of a second"),
        (DataType(kind=Kind.TIMESTAMP, tz=True), "Nullable(DateTime64(3))", "decimal place 3 of a second"),
        (DataType(kind=Kind.INT, bits=64), "Nullable(UInt64)", "negative"),
        (DataType(kind=Kind.INT, bits=64), "Nullable(Int32)", "overflow"),
        (DataType(kind=Kind.TEXT), "String", "holds no NULL"),
        (DataType(kind=Kind.ARRAY), "Nullable(String)", "bounds of arrays"),
        (DataType(kind=Kind.INT, bits=64), "Nullable(Float64)", "rounded"),
    ],
)
def test_losses_are_named(kind: DataType, native: str, part: str) -> None:
    how = _carry(kind, native)
    assert part in how.loss
    assert not how.refused


def test_what_is_exact_has_no_loss_and_what_has_no_way_is_refused() -> None:
    assert _carry(DataType(kind=Kind.INT, bits=32), "Nullable(Int64)").loss == ""
    assert _carry(DataType(kind=Kind.UUID), "Nullable(UUID)").loss == ""
    assert _carry(DataType(kind=Kind.TEXT), "Nullable(Int64)").refused
    assert _carry(DataType(kind=Kind.ARRAY), "Array(Int64)").refused
    assert _carry(DataType(kind=Kind.TEXT), "Map(String, String)").refused
    assert _carry(DataType(kind=Kind.TEXT), "String").null_guard
    assert "Berlin" in _carry(DataType(kind=Kind.TIMESTAMP, tz=True), "DateTime('Europe/Berlin')").refused
    assert _carry(DataType(kind=Kind.TIMESTAMP, tz=True), "Nullable(DateTime64(6, 'UTC'))").refused == ""


@pytest.mark.parametrize(
    ("key", "unit", "fits"),
    [
        ("toYYYYMM(d)", PartitionUnit.MONTH, True),
        ("toYYYYMM(d)", PartitionUnit.YEAR, True),
        ("toYYYYMM(d)", PartitionUnit.DAY, False),
        ("d", PartitionUnit.DAY, True),
        ("d", PartitionUnit.VALUE, True),
        ("(region, toMonday(d))", PartitionUnit.MONTH, False),
        ("(region, toDate(d))", PartitionUnit.MONTH, True),
        ("toYYYYMM(e)", PartitionUnit.MONTH, False),
        ("", PartitionUnit.MONTH, False),
    ],
)
def test_slices_are_whole_partitions(key: str, unit: PartitionUnit, fits: bool) -> None:
    structure = TableStructure(columns=(Column(name="d", native="Date", type=parse_type("Date")),), partition_key=key)
    assert (slice_refusal(structure, Partitioning(column="d", unit=unit)) == "") is fits


def test_partition_keys_with_odd_names() -> None:
    assert elements("(`a, b`, toYYYYMM(`c\\`)`))")[0].column == "a, b"
    assert elements("(`a, b`, toYYYYMM(`c\\`)`))")[1].column == "c`)"


def test_literals_hold_no_raw_control_characters() -> None:
    assert literal("a'\\\n\x01{b:String}").text == "'a\\'\\\\\\n\\x01\\x7bb:String}'"
    assert ident("a`\n'").text == "`a\\`\\n'`"


def _carry(kind: DataType, native: str):  # type: ignore[no-untyped-def]
    source = Column(name="a", native="?", type=kind)
    return carry(
        source, Column(name="a", native=native, type=parse_type(native), nullable=is_nullable(native)), "postgres"
    )
