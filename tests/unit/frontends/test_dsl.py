"""Python manifests: the same IR as the other front ends, conditions as SQL text, problems at their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.dsl import col, day, kafka, load, mssql, postgres
from dpone_compiler.expr.printer import predicate_sql
from dpone_compiler.frontends.dsl.arguments import endpoint
from dpone_compiler.frontends.dsl.conditions import Condition
from dpone_compiler.frontends.dsl.problems import ScriptError
from dpone_compiler.frontends.dsl.read import read_dsl
from dpone_compiler.frontends.language.read import read_language
from dpone_compiler.frontends.manifest import read_manifest
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.source.text import SourceFile

ORDERS = Path(__file__).parents[2] / "cases" / "orders"
HEAD = "from dpone_compiler.dsl import col, kafka, load, postgres\n"


def _file(name: str) -> SourceFile:
    return SourceFile(name, (ORDERS / name).read_text(encoding="utf-8"))


def test_three_front_ends_give_one_ir() -> None:
    yaml, yaml_problems = read_manifest(_file("orders.yaml"))
    language, language_problems = read_language(_file("orders.dpone"))
    python, python_problems = read_dsl(_file("orders.py"))
    assert not (yaml_problems or language_problems or python_problems)
    assert yaml == language.loads == python


HISTORY_YAML = """\
name: people
source: {type: postgres, connection_id: pg, table: public.people}
sink:
  type: postgres
  connection_id: dwh
  table: dwh.people
  limits: {max_delete_ratio: 10%, max_delete_rows: 5}
  options: {soft_delete: {column: gone}}
  strategy:
    mode: scd2
    unique_key: [id]
    diff: {compare: all_columns}
    scd2: {valid_from_column: f, valid_to_column: t, current_flag_column: c, row_hash_column: h, delete_policy: ignore}
"""
HISTORY_TEXT = """\
load people {
  from postgres.pg public.people
  into postgres.dwh dwh.people
  key id
  strategy scd2
  compare all_columns
  missing ignore mark gone
  history from f to t current c hash h
  limits max_delete_ratio 10% max_delete_rows 5
}
"""
HISTORY_SCRIPT = """\
from dpone_compiler.dsl import load, postgres
(load("people").read(postgres("pg", "public.people")).into(postgres("dwh", "dwh.people")).key("id")
    .snapshot(compare="all_columns", missing="ignore", mark="gone")
    .history(valid_from="f", valid_to="t", current="c", row_hash="h")
    .limits(max_delete_ratio=0.1, max_delete_rows=5).scd2())
"""


def test_a_history_is_the_same_in_three_front_ends() -> None:
    yaml, wrong = read_manifest(SourceFile("people.yaml", HISTORY_YAML))
    language, wrong_too = read_language(SourceFile("people.dpone", HISTORY_TEXT))
    python, also_wrong = read_dsl(SourceFile("people.py", HISTORY_SCRIPT))
    assert not (wrong or wrong_too or also_wrong)
    assert yaml == language.loads == python


def test_spans_are_the_arguments_own() -> None:
    (found,), _ = read_dsl(
        SourceFile("m.py", HEAD + '"é"; load("a").read(postgres("pg", "é.t")).into(kafka("k", "t")).auto()')
    )
    at = {path: f"{span.line}:{span.column}-{span.end_column}" for path, span in found.origin.spans.items()}
    assert at["name"] == "2:11-14"
    assert at["source.table"] == "2:21-42"
    assert at["sink.strategy.mode"] == "2:66-72"


@pytest.mark.parametrize(
    ("condition", "sql"),
    [
        (col("status") != "draft", "status <> 'draft'"),
        (col("Order") == col("order"), '"Order" = "order"'),
        (col("a") == None, "a IS NULL"),  # noqa: E711
        (~col("a").is_null(), "a IS NOT NULL"),
        (col("a").in_(1, 2) & (col("b") < 3) & (col("c") >= 1.5), "a IN (1, 2) AND b < 3 AND c >= 1.5"),
        ((col("a") == 1) & ((col("b") == 2) | (col("c") == 3)), "a = 1 AND (b = 2 OR c = 3)"),
        (~((col("a") == 1) | (col("b") == "it's")), "NOT (a = 1 OR b = 'it''s')"),
        (col('a"b') <= True, '"a""b" <= TRUE'),
    ],
)
def test_conditions_are_sql(condition: Condition, sql: str) -> None:
    assert predicate_sql(condition.node) == sql


def test_a_backslash_is_doubled_where_it_escapes() -> None:
    condition = (col("a") == "x\\").node
    assert predicate_sql(condition) == "a = 'x\\'"
    assert predicate_sql(condition, backslash_escapes=True) == "a = 'x\\\\'"


def test_builders_are_immutable_and_usable_outside_a_manifest() -> None:
    base = load("a").read(postgres("pg", "t")).into(mssql("dwh", "t"))
    keyed = base.key("id").partition_by(day("d")).incremental_merge(policy="delete+insert")
    assert base.full_refresh().write.key == ()
    assert (keyed.write.mode, keyed.write.merge_policy) == ("incremental_merge", "delete_insert")
    with pytest.raises(ScriptError, match="DP152"):
        load("a").cursor("c", lag="soon")


def test_table_names() -> None:
    assert endpoint("postgres", "pg", '"a.b"."c""d"').table == TableRef("a.b", 'c"d')
    assert kafka("bus", "shop.orders").table == TableRef("", "shop.orders")


def test_what_a_script_prints_is_kept_off_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    read_dsl(SourceFile("m.py", HEAD + 'print("hello")'))
    assert capsys.readouterr() == ("", "hello\n")


def test_loads_of_a_loop_and_the_place_of_an_error_inside_a_function() -> None:
    text = HEAD + "def make(n):\n    return load(n).read(postgres('pg', n)).into(kafka('k', n)).full_refresh()\n"
    loads, problems = read_dsl(SourceFile("m.py", text + "for n in ('a', 'b', 'a'):\n    make(n)\n"))
    assert [found.name for found in loads] == ["b"]
    assert [(p.code, p.span.line if p.span else 0) for p in problems] == [("DP042", 3)]
    _, problems = read_dsl(SourceFile("m.py", text + "make(7)\n"))
    assert [(p.code, p.span.line if p.span else 0) for p in problems] == [("DP152", 3)]
