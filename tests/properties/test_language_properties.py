"""What holds for every load and every text: printing reads back, and no text at all makes the reader raise."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from dpone_compiler.frontends.language.printer import print_load
from dpone_compiler.frontends.language.read import read_language
from dpone_compiler.frontends.meaning import duration_seconds, duration_text
from dpone_compiler.ir.load import Load
from dpone_compiler.source.text import SourceFile
from tests.properties.loads import LOADS

WORDS = "load a { } from into postgres.pg t where ' \" $$ ( ) # rule when gate changed 5 % - key , é rows >= and not in"
FRAGMENTS = st.sampled_from((*WORDS.split(), "\n"))


@given(LOADS)
@settings(max_examples=200, deadline=None)
def test_a_printed_load_reads_back_equal(load: Load) -> None:
    text = print_load(load)
    unit, problems = read_language(SourceFile("printed.dpone", text))
    assert not problems, (text, [p.problem.message() for p in problems])
    assert unit.loads == (load,)


@given(st.one_of(st.text(max_size=80), st.lists(FRAGMENTS, max_size=30).map(" ".join)))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_the_reader_raise(text: str) -> None:
    unit, problems = read_language(SourceFile("any.dpone", text))
    assert unit.loads or unit.rules or unit.gates or problems or not text.strip() or text.strip().startswith("#")
    for problem in problems:
        assert problem.problem.message()
        assert problem.span is not None
        assert problem.span.line <= text.count("\n") + 1


@given(st.integers(0, 10**9))
def test_a_duration_reads_back(seconds: int) -> None:
    assert duration_seconds(duration_text(seconds)) == seconds


def test_deep_nesting_is_a_problem_and_not_an_overflow() -> None:
    for deep in ("not " * 5000 + "cdc", "not (" * 5000 + "cdc" + ")" * 5000):
        _, problems = read_language(SourceFile("deep.dpone", f'gate g {{ when {deep} deny "no" }}'))
        assert [p.code for p in problems] == ["DP185"]


def test_hostile_sql_takes_no_exponential_time() -> None:
    for hostile in ("(" * 2000, "('" * 2000, "''" * 5000 + "(", "/*" * 2000, "--" * 2000, "(a''" * 2000, " " * 5000):
        begun = time.perf_counter()
        read_language(SourceFile("hostile.dpone", f"load a {{ from postgres.p t where x {hostile}"))
        assert time.perf_counter() - begun < 5, hostile[:8]
