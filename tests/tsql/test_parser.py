"""The checker itself: it rejects twelve planted scripts, and says where; and its tree finds what the lints look for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import scriptdom
from tests.scriptdom import TsqlError

BAD = sorted((Path(__file__).resolve().parents[1] / "cases" / "tsql").glob("*.sql"))


def test_there_are_twelve_bad_scripts() -> None:
    assert len(BAD) == 12


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_script_is_rejected(path: Path, parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    errors = parse_tsql(path.read_text(encoding="utf-8"))
    assert errors
    assert all(error.line >= 1 and error.column >= 1 and error.message for error in errors)


def test_an_error_has_its_place(parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    (error,) = parse_tsql("SELECT 1;\nSELECT a FROM t LIMIT 10;")
    assert (error.line, error.column) == (2, 17)


def test_good_t_sql_is_read(parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    assert parse_tsql("BEGIN TRY SELECT 1; END TRY BEGIN CATCH THROW; END CATCH;") == []


def test_syntax_of_2022_is_no_syntax(parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    assert parse_tsql("SELECT 1 FROM t WHERE a IS DISTINCT FROM b;")
    assert parse_tsql("SELECT a, SUM(b) OVER w FROM t WINDOW w AS (PARTITION BY a);")


def test_the_tree_has_every_fragment(parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    assert parse_tsql("SELECT 1;") == []  # starts the runtime
    tree, _ = scriptdom.read("BEGIN TRY DELETE t WHERE 1 = 1; MERGE t AS t USING s ON t.k = s.k WHEN MATCHED THEN DELETE; "
                             "END TRY BEGIN CATCH THROW; END CATCH;")  # fmt: skip
    kinds = [scriptdom.kind(node) for node in scriptdom.nodes(tree)]
    assert {"DeleteStatement", "BooleanComparisonExpression", "MergeStatement", "ThrowStatement"} <= set(kinds)
