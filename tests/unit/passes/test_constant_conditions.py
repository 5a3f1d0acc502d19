"""A condition that says the same of every row is refused at its place; one that asks a column is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.driver.compile import Options, compile_manifest
from dpone_compiler.ir.load import ParsedSql
from dpone_compiler.sql.parse import parse_sql
from tests.compiled_bundles import ROOT

MANIFEST = """\
name: a
source:
  type: postgres
  connection_id: case_pg
  table: shop.orders
  columns: [id, day, status]
  {said}
sink: {{type: postgres, connection_id: case_dwh, table: dwh.orders, strategy: {{mode: full_refresh}}}}
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("where: 1=1", "true for every row"),
        ('options: {custom_predicate: "1=1"}', "true for every row"),
        ('options: {source_custom_predicate: "id = 1 OR 1 = 1"}', "true for every row"),
        ("where: \"'x' = 'x'\"", "true for every row"),
        ('where: "false"', "true for no row"),
        ('where: "id = 1 AND 1 = 2"', "true for no row"),
        ('where: "NULL"', "true for no row"),
        ("tombstone: not (1 = 2)", "true for every row"),
    ],
)
def test_it_is_refused_where_it_stands(tmp_path: Path, said: str, told: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(MANIFEST.format(said=said))
    result = compile_manifest(path, Options(catalog=ROOT / "tests" / "cases" / "loads" / "catalog"))
    (found,) = [each for each in result.diagnostics if each.severity is Severity.ERROR]
    assert found.code == "DP217" and told in found.problem.message()
    assert found.span is not None and found.span.line == 7
    assert not result.bundles


@pytest.mark.parametrize("dialect", ["postgres", "tsql", "clickhouse"])
@pytest.mark.parametrize(
    "text", ["a = a", "a = 1 AND 1 = 1", "now() > '2026-01-01'", "coalesce(a, 1) = 1", "a <> 1 OR a <> 2"]
)
def test_what_depends_on_a_row_or_on_the_clock_is_taken(dialect: str, text: str) -> None:
    assert isinstance(parse_sql(text, dialect, None, boolean=True), ParsedSql)
