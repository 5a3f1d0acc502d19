"""From SQL Server every pair of types: what is sent and what is digested are made of one value, in the form that the sink reads back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dpone_compiler.backends.clickhouse.carry import carry as carry_to_clickhouse
from dpone_compiler.backends.mssql.carry import carry
from dpone_compiler.backends.mssql.held import held_value, stored_value
from dpone_compiler.backends.mssql.losses import offends
from dpone_compiler.backends.mssql.natives import NATIVES
from dpone_compiler.backends.mssql.projection import digest_values, json_text, wire_text
from dpone_compiler.backends.mssql.script import word
from dpone_compiler.backends.mssql.staging import arriving
from dpone_compiler.backends.postgres.carry import carry as carry_to_postgres
from dpone_compiler.backends.postgres.natives import NATIVES as POSTGRES
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.loss import Question
from dpone_compiler.ir.schema import Column
from dpone_compiler.sql.clickhouse_types import parse_type as clickhouse_type
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.mssql_native import read_native
from dpone_compiler.sql.mssql_types import parse_type
from dpone_compiler.sql.postgres_types import parse_type as postgres_type

OURS = [native.spelling for native in NATIVES]
# What T-SQL writes in the form that CONVERT reads for each family; `+` of an offset and `e` of a float only where the type has them.
_READS = {
    Kind.FLOAT: r"CONVERT\(varchar\(40\), .*, 3\)",
    Kind.TIMESTAMP: r"CONVERT\(varchar\(34\), .*, 121\)",
    Kind.DATE: r"CONVERT\(varchar\(10\), .*, 23\)",
    Kind.TIME: r"CONVERT\(varchar\(16\), CONVERT\(time\(7\), .*\), 121\)",
    Kind.DECIMAL: r"CONVERT\(varchar\(41\), .*\)",
    Kind.UUID: r"LOWER\(CONVERT\(varchar\(36\), .*\)\)",
    Kind.BYTES: r"LOWER\(CONVERT\(varchar\(max\), CONVERT\(varbinary\(max\), .*\), 2\)\)",
    Kind.BOOL: r"CONVERT\(varchar\(20\), .*\)",
    Kind.INT: r"CONVERT\(varchar\(20\), .*\)",
}


def moved(given: str, wanted: str, lossy: str = "fail") -> MovedColumn | None:
    source = Column(name="v", native=given, type=parse_type(given), nullable=True)
    target = Column(name="v", native=wanted, type=parse_type(wanted), nullable=True)
    way = carry(source, target, "mssql")
    return None if way.refused else MovedColumn(source=source, target=target, losses=way.losses, lossy=lossy)


PAIRS = [(a, b) for a in OURS for b in OURS if moved(a, b) is not None]


def test_the_pairs_of_the_review_are_among_them() -> None:
    assert {("float", "money"), ("datetimeoffset(7)", "datetime"), ("char(20)", "nvarchar(20)")} <= set(PAIRS)
    assert len(PAIRS) > 300


@pytest.mark.parametrize("given", OURS)
def test_text_and_digest_are_made_of_one_value(given: str) -> None:
    for wanted in (b for a, b in PAIRS if a == given):
        pair = moved(given, wanted)
        assert pair is not None
        value = word(stored_value(pair)).text
        sent, digested = json_text(pair).text, digest_values((pair,), "mssql")[0].text
        assert value in sent and value in digested, (given, wanted)


@pytest.mark.parametrize("given", OURS)
def test_what_is_sent_has_the_target_s_type_and_form(given: str) -> None:
    for wanted in (b for a, b in PAIRS if a == given):
        pair, kind = moved(given, wanted), parse_type(wanted).kind
        assert pair is not None
        text = json_text(pair).text.removeprefix("COALESCE(N'\"' + STRING_ESCAPE(CONVERT(nvarchar(max), ")
        if kind is Kind.TEXT:
            assert re.match(
                _READS.get(parse_type(given).kind, r"CONVERT\(nvarchar\(max\), |CASE WHEN DATALENGTH"), text
            ), (
                given,
                wanted,
            )
            continue
        assert re.match(_READS[kind], text), (given, wanted, text)
        if kind is not Kind.BYTES:
            assert f"CONVERT({read_native(wanted).text}, " in text, (given, wanted)
        if parse_type(given).tz and not parse_type(wanted).tz and kind in (Kind.TIMESTAMP, Kind.DATE):
            assert "SWITCHOFFSET" in text, "an offset that is left out of a text is not added to the time"


def test_a_target_reads_the_form_back() -> None:
    """The style with which the sink reads is that with which the source wrote."""
    for native in OURS:
        type_ = parse_type(native)
        if type_.kind in (Kind.OTHER, Kind.TEXT) or native == "rowversion":
            continue
        read = arriving(Column(name="v", native=native, type=type_, nullable=True), column("c0", "r")).text
        style = {Kind.BYTES: ", 2)", Kind.DATE: ", 23)"}.get(type_.kind, ")")
        style = ", 121)" if type_.kind is Kind.TIMESTAMP and not type_.tz else style
        assert read.endswith(f"[r].[c0]{style}"), native


@pytest.mark.parametrize("given", OURS)
def test_a_value_that_the_count_refuses_does_not_stop_its_statement(given: str) -> None:
    """bcp has one statement for rows and count: Msg 8115 in the rows would hide which column it was."""
    for wanted in (b for a, b in PAIRS if a == given):
        pair = moved(given, wanted)
        assert pair is not None
        for loss in pair.losses:
            if loss.test is not Question.OUTSIDE or parse_type(wanted).kind is Kind.TEXT:
                continue
            asked = word(offends(loss, column("v"), pair.source.type)).text
            assert f"CASE WHEN {asked}" in word(stored_value(pair)).text, (given, wanted)
            clamped = replace(pair, lossy="clamp")
            assert "THEN NULL" not in word(stored_value(clamped)).text, (
                "a nearest value is put in its place, none is left out"
            )


def test_a_text_is_measured_as_it_is_sent() -> None:
    pair = moved("varbinary(20)", "nvarchar(20)")
    assert pair is not None
    (units,) = [loss for loss in pair.losses if loss.test is Question.UNITS]
    assert "CONVERT(varbinary(max), v), 2)" in word(offends(units, column("v"), pair.source.type)).text.replace(
        "[v]", "v"
    )


def test_a_text_longer_than_a_uuid_stops_the_load() -> None:
    """CONVERT(uniqueidentifier, N'0E984725-C51C-4BF4-9960-E1C80E27ABA0wrong') is a uuid, and the rest is gone."""
    pair = moved("nvarchar(max)", "uniqueidentifier")
    assert pair is not None
    value = word(stored_value(pair)).text
    assert "DATALENGTH(CONVERT(nvarchar(max), v)) = 72" in value.replace("[v]", "v")
    assert value.startswith("CONVERT(uniqueidentifier, CASE WHEN ") and value.endswith(" ELSE N'' END)")
    for text in (json_text(pair).text, digest_values((pair,), "mssql")[0].text):
        assert value in text


POSTGRES_PAIRS = (
    ("decimal(12,2)", "integer", "CONVERT(decimal(38,0), "),
    ("money", "bigint", "CONVERT(decimal(38,0), "),
    ("float", "real", "CONVERT(real, "),
    ("bigint", "double precision", "CONVERT(float, "),
    ("decimal(18,2)", "real", "CONVERT(real, "),
    ("float", "numeric(18,2)", "CONVERT(decimal(18,2), "),
    ("date", "timestamp(3)", "CONVERT(datetime2(0), "),
    ("time(7)", "time(3)", "CONVERT(time(3), "),
)


@pytest.mark.parametrize(("given", "wanted", "made"), POSTGRES_PAIRS)
def test_postgres_gets_the_value_that_is_digested(given: str, wanted: str, made: str) -> None:
    pair = _to_postgres(given, wanted)
    value, _ = held_value(pair)
    assert made in word(value).text
    assert word(value).text in wire_text(pair, "postgres").text
    assert word(value).text in digest_values((pair,), "postgres")[0].text


@pytest.mark.parametrize("given", [n for n in OURS if n not in ("geography", "geometry", "hierarchyid")])
def test_a_text_of_postgres_is_digested_as_it_is_sent(given: str) -> None:
    pair = _to_postgres(given, "text")
    sent, digested = wire_text(pair, "postgres").text, digest_values((pair,), "postgres")[0].text
    plain = digested.removeprefix("CONVERT(varchar(max), ").removesuffix(" COLLATE Latin1_General_100_BIN2_UTF8)")
    assert plain != digested and plain in sent, (sent, digested)


def _to_postgres(given: str, wanted: str) -> MovedColumn:
    assert any(postgres_type(native.spelling).kind is postgres_type(wanted).kind for native in POSTGRES)
    source = Column(name="v", native=given, type=parse_type(given), nullable=True)
    target = Column(name="v", native=wanted, type=postgres_type(wanted), nullable=True)
    way = carry_to_postgres(source, target, "mssql")
    assert not way.refused, way.refused
    return MovedColumn(source=source, target=target, losses=way.losses, lossy="fail")


@pytest.mark.parametrize(("native", "refused"), [("DateTime('Europe/Moscow')", True), ("DateTime64(3, 'UTC')", False)])
def test_a_clickhouse_column_of_another_zone_would_read_the_wall_clock_of_utc_as_its_own(
    native: str, refused: bool
) -> None:
    source = Column(name="v", native="datetime2(7)", type=parse_type("datetime2(7)"), nullable=False)
    target = Column(name="v", native=native, type=clickhouse_type(native), nullable=False)
    assert ("zone 'Europe/Moscow'" in carry_to_clickhouse(source, target, "mssql").refused) is refused
