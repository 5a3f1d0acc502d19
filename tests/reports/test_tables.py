"""docs/field-reports.md and docs/dpone-faults.md: every number is there, and every test that they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_TABLES = ("docs/field-reports.md", "docs/dpone-faults.md")
_NAMED = re.compile(r"`((?:tests/[\w/]+\.py::)?test_\w+)`")


def _functions(file: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE))


def _here() -> set[str]:
    return {name for file in Path(__file__).parent.glob("test_*.py") for name in _functions(file)}


@pytest.mark.parametrize("table", _TABLES)
def test_every_named_test_exists(table: str) -> None:
    named = _NAMED.findall((ROOT / table).read_text(encoding="utf-8"))
    assert len(named) > 25
    for name in named:
        path, _, function = name.rpartition("::")
        assert function in (_functions(ROOT / path) if path else _here()), name


def test_all_forty_nine_reports_are_in_the_table_and_each_is_a_test_or_says_why_not() -> None:
    lines = (ROOT / _TABLES[0]).read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d+ \|", line)]
    assert [int(row[0]) for row in rows] == list(range(1, 50))
    assert all(_NAMED.search(row[3]) or row[3].startswith("Later: ") for row in rows)


def test_every_test_of_a_report_is_in_a_table() -> None:
    text = "".join((ROOT / table).read_text(encoding="utf-8") for table in _TABLES)
    assert _here() - _functions(Path(__file__)) <= set(_NAMED.findall(text)) | {
        "test_dlt_3023_dead_right_after_a_commit_on_postgres"
    }
