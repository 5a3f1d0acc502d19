"""The questions of `dponec introspect` to SQL Server: read by ScriptDom; their answers become facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dpone_compiler.introspect.mssql import Rows, TableNotFoundError, read_mssql
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.connections.session import Result
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
    assert len(session.asked) == 7
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


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(TableNotFoundError, match=r"dbo\.gone"):
        read_mssql(Recorder({"SERVERPROPERTY": ENGINE}), [TableRef("dbo", "gone")])
