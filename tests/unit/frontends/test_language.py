"""The language of loads: clauses, where SQL ends, recovery."""

from __future__ import annotations

import pytest

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.frontends.language.grammar_files import grammar_text
from dpone_compiler.frontends.language.read import LanguageUnit, read_language
from dpone_compiler.ir.load import Load, SqlText
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.source.text import SourceFile


def _read(text: str) -> tuple[LanguageUnit, Diagnostics]:
    return read_language(SourceFile("a.dpone", text))


def _load(clauses: str) -> Load:
    unit, problems = _read(f"load a {{\n  from postgres.pg t\n  into mssql.dwh t\n  {clauses}\n}}\n")
    assert not problems, problems
    return unit.loads[0]


def test_defaults() -> None:
    load = _load("")
    assert load.read.endpoint.table == TableRef("public", "t")
    assert load.write.endpoint.table == TableRef("dbo", "t")
    assert (load.write.mode, load.write.strategy) == ("", "full_refresh")


def test_a_policy_may_be_said_without_a_mode() -> None:
    load = _load("strategy policy shadow_swap")
    assert (load.write.mode, load.write.merge_policy) == ("", "shadow_swap")


def test_keywords_may_be_names() -> None:
    load = _load("key key, from, day cursor cursor lag 5 partition by partition strategy auto")
    assert load.write.key == ("key", "from", "day")
    assert load.read.cursor is not None
    assert (load.read.cursor.column, load.read.cursor.lag) == ("cursor", 5)


@pytest.mark.parametrize(
    ("written", "sql"),
    [
        ("a = 1", "a = 1"),
        ("a = 1\n  key id", "a = 1"),
        ("a = 1 # not a comment of SQL", "a = 1"),
        ("a = 1\n    and state = 'CA'", "a = 1\n    and state = 'CA'"),
        ("a = 1 or\n  key is null", "a = 1 or\n  key is null"),
        ("a = 1 or\n  version in (1, 2)", "a = 1 or\n  version in (1, 2)"),
        ("a in (\n  select id\n  from t)", "a in (\n  select id\n  from t)"),
        ("a = '}' and b = '\n  key id'", "a = '}' and b = '\n  key id'"),
        ("a = 'it''s' -- what's\n  key id", "a = 'it''s' -- what's"),
        ("$$ a = E'it\\'s' and b = {x} $$", "a = E'it\\'s' and b = {x}"),
        ("$q$ a = $$x$$ $q$ key id", "a = $$x$$"),
    ],
)
def test_where_sql_ends_at_the_next_clause(written: str, sql: str) -> None:
    assert _load(f"where {written}").read.where == SqlText(text=sql)


def test_topics_keep_their_dots_and_quotes_take_any_character() -> None:
    unit, problems = _read('load "a""b" { from pg.x "odd.name"."t t" into kafka.bus shop.orders }')
    assert not problems
    assert unit.loads[0].name == 'a"b'
    assert unit.loads[0].read.endpoint.table == TableRef("odd.name", "t t")
    assert unit.loads[0].write.endpoint.table == TableRef("", "shop.orders")


def test_each_broken_statement_is_reported_and_the_others_are_read() -> None:
    good = "load {} {{ from pg.x t into pg.y t }}\n"
    text = f"{good.format('a')}load b {{ form pg.x t }}\n{good.format('c')}rule r {{ chose x }}\n{good.format('d')}"
    unit, problems = _read(text)
    assert [load.name for load in unit.loads] == ["a", "c", "d"]
    assert [(p.code, p.span.line if p.span else 0) for p in problems] == [("DP100", 2), ("DP100", 4)]
    assert problems[0].problem.help() == "did you mean `from`?"


def test_a_load_with_an_error_is_left_out() -> None:
    unit, problems = _read("load a { from pg.x t into pg.y t strategy incremental_merge }")
    assert [p.code for p in problems] == ["DP040"]
    assert unit.loads == ()


def test_spans_reach_the_origin() -> None:
    load = _load("key id\n  hint rows 5 changed 5%\n  strategy auto policy shadow_swap")
    at = {path: f"{span.line}:{span.column}-{span.end_column}" for path, span in load.origin.spans.items()}
    assert at["sink.strategy.unique_key"] == "4:3-9"
    assert at["hints.changed"] == "5:15-25"
    assert at["sink.strategy.merge_policy"] == "6:24-35"
    assert at["name"] == "1:6-7"


def test_grammar_files_are_found() -> None:
    assert "_clause" in grammar_text("load.lark")
