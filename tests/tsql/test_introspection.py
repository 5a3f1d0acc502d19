"""The questions of `dponec introspect` to SQL Server: read by ScriptDom; their answers become facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dpone_compiler.frontends.catalog.read import read_catalog, write_catalog
from dpone_compiler.introspect.mssql import Rows, TableNotFoundError, read_mssql
from dpone_compiler.ir.partitioning import IndexFacts, RangePartitioning
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.connections.session import Result
from dpone_compiler.source.text import SourceFile
from dpone_compiler.sql.mssql_types import parse_type
from tests.scriptdom import TsqlError


class Recorder:
    """Answers by a word of the question, and keeps the questions."""

    def __init__(self, answers: dict[str, Rows]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    def run(self, body: str, params: Mapping[str, str]) -> Result:
        self.asked.append((body, dict(params)))
        found = next((rows for word, rows in self.answers.items() if word in body), ())
        return Result(rows=found)


ENGINE: Rows = (("16.0.4135.4", "3", "160", "0", "1", "Cyrillic_General_CI_AS", "FULL"),)
TABLE: dict[str, Rows] = {
    "SERVERPROPERTY": ENGINE,
    "sys.objects AS o": (("2099048", "U"),),
    "boundary_value_on_right": (("by_day", "days", "id", "1"),),
    "partition_range_values": (
        ("1", "OF_2025", "PAGE", None, "2026-01-01"),
        ("2", "OF_2026", "NONE", "2026-01-01", None),
    ),
    "ignore_dup_key": (
        *(
            ("1", "PK", "clustered", "1", "0", "1", "0", "0", "0", "by_day", name, place, "0", "0", cut)
            for name, place, cut in (("id", "1", "1"), ("day", "2", "0"))
        ),
        ("3", "IX", "nonclustered", "0", "0", "0", "1", "0", "0", "by_day", "id", "0", "0", "0", "1"),
        ("3", "IX", "nonclustered", "0", "0", "0", "1", "0", "0", "by_day", "name", "1", "1", "0", "0"),
        ("3", "IX", "nonclustered", "0", "0", "0", "1", "0", "0", "by_day", "total", "0", "0", "1", "0"),
        ("4", "UQ", "nonclustered", "0", "1", "1", "0", "1", "1", "PRIMARY", "name", "1", "0", "0", "0"),
    ),
    "untrusted_check": (("column", "total is computed"),),
    "sys.check_constraints": (("CK_total",),),
    "generated_always_type": (
        ("id", "int", "0", "0", "1"),
        ("name", "nvarchar(50)", "1", "0", "0"),
        ("total", "decimal(18,2)", "1", "1", "0"),
    ),
    "key_ordinal": (("1", "1", "1", "id"), ("0", "1", "3", "name"), ("0", "1", "3", "id")),
    "partition_schemes": (("by_day(id)",),),
    "allocation_units": (("1", "10", "8192"), ("2", "5", "16384")),
    "is_instead_of_trigger": (("temporal", "dbo.orders_history"), ("trigger", "audit")),
}


def test_every_question_is_t_sql_of_2016(parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    session = Recorder(TABLE)
    read_mssql(session, [TableRef("dbo", "orders")])
    assert len(session.asked) == 12
    for body, params in session.asked:
        assert parse_tsql(body) == []
        assert all(f"@{name}" in body for name in params)


def test_answers_become_facts() -> None:
    engine, tables = read_mssql(Recorder(TABLE), [TableRef("", "orders")])
    assert engine.version == (16, 0)
    assert dict(engine.settings)["compatibility_level"] == "160"
    facts = tables[TableRef("", "orders")]
    assert [(c.name, c.native, c.nullable, c.generated, c.identity) for c in facts.structure.columns] == [
        ("id", "int", False, False, True),
        ("name", "nvarchar(50)", True, False, False),
        ("total", "decimal(18,2)", True, True, False),
    ]
    assert facts.structure.primary_key == ("id",)
    assert facts.structure.unique_keys == (("name", "id"),)
    assert facts.structure.partition_key == "by_day(id)"
    assert (facts.statistics.rows, facts.statistics.bytes, len(facts.statistics.partitions)) == (15, 24576, 2)
    assert ("temporal", "dbo.orders_history") in facts.structure.hazards
    assert [(part.bound, part.filegroup, part.compression) for part in facts.statistics.partitions] == [
        ("to 2026-01-01", "OF_2025", "page"),
        ("from 2026-01-01", "OF_2026", "none"),
    ]
    assert facts.partitioning == RangePartitioning(
        scheme="by_day",
        function="days",
        column="id",
        boundary="right",
        indexes=(
            IndexFacts(
                name="PK",
                kind="clustered",
                constraint="primary key",
                unique=True,
                columns=(("id", False), ("day", False)),
                partitioned_by="by_day(id)",
            ),
            IndexFacts(
                name="IX",
                kind="nonclustered",
                columns=(("name", True),),
                included=("total",),
                partitioned_by="by_day(id)",
                options=("filtered",),
            ),
            IndexFacts(
                name="UQ",
                kind="nonclustered",
                constraint="unique",
                unique=True,
                columns=(("name", False),),
                partitioned_by="PRIMARY",
                options=("disabled", "ignore_dup_key"),
            ),
        ),
        checks=("CK_total",),
        obstacles=(("column", "total is computed"),),
    )


def test_a_snapshot_of_a_partitioned_table_is_read_back() -> None:
    engine, tables = read_mssql(Recorder(TABLE), [TableRef("dbo", "orders")])
    text = write_catalog("ms", engine, tables)
    catalog, told = read_catalog([SourceFile("ms.yaml", text)], lambda _engine: parse_type)
    assert told == ()
    assert catalog.table("ms", TableRef("dbo", "orders")) == tables[TableRef("dbo", "orders")]
    for word, instead in (
        ("boundary: right", "boundary: up"),
        ("id, asc", "id, down"),
        ("constraint: unique", "constraint: key"),
    ):
        assert word in text
        _, told = read_catalog([SourceFile("ms.yaml", text.replace(word, instead))], lambda _engine: parse_type)
        assert [each.problem.code for each in told] == ["DP060"]


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(TableNotFoundError, match=r"dbo\.gone"):
        read_mssql(Recorder({"SERVERPROPERTY": ENGINE}), [TableRef("dbo", "gone")])
