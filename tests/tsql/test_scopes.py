"""The scope of a `replace` on a text of SQL Server: the same texts as on the other side, whatever the collation of the column."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dpone_compiler.backends.mssql.predicates import in_scope
from dpone_compiler.ir.interval import Scope
from dpone_compiler.sql.identifiers import column
from dpone_compiler.sql.mssql_types import parse_type
from dpone_compiler.sql.render import render
from tests.scriptdom import TsqlError


@pytest.mark.parametrize("native", ["nvarchar(10)", "varchar(10)", "nchar(10)"])
def test_a_text_is_compared_unit_by_unit(native: str, parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    type_ = parse_type(native)
    scope = Scope(column="region", type=type_, kind="equality", low="it's")
    said = render(in_scope(scope, column("region"), type_), "tsql").text
    assert parse_tsql(f"DELETE FROM [dbo].[t] WHERE {said};") == []
    assert said.startswith("[region] = ")
    assert said.count("COLLATE Latin1_General_100_BIN2") == 2 and "DATALENGTH" in said
    assert ("RTRIM" in said) == native.startswith("nchar")
    assert said.count("N'it''s'") == 3
