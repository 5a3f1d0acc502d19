"""What check-target asks of a SQL Server about columns and foreign keys that came after the compile, by what the plan would lose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tsql.test_every_strategy import POSTGRES, compiled

_SOURCE = {**POSTGRES, "columns": ["id", "day", "at", "status"]}
_CURSOR = {**_SOURCE, "cursor": {"column": "at", "lag": "10 minutes"}}
_COLUMN = "is new, and rows that this plan writes again would lose it"
_KEY = "is new, and deleted rows would change or take along rows of that table"
LOADS = {
    "update_insert": ({"mode": "incremental_merge", "merge_policy": "update_insert"}, False, False),
    "delete_insert": ({"mode": "incremental_merge", "merge_policy": "delete_insert"}, True, True),
    "partitions": ({"mode": "partition_replace", "partition": {"column": "day", "by": "month"}}, True, True),
    "append": ({"mode": "incremental_append"}, False, False),
    "full": ({"mode": "full_refresh"}, False, True),
}


@pytest.mark.parametrize("load", LOADS)
def test_what_would_be_lost_is_asked_for_and_nothing_else(load: str, tmp_path: Path) -> None:
    strategy, column, key = LOADS[load]
    made = compiled(tmp_path, (_SOURCE if load == "full" else _CURSOR, "orders", strategy))
    (text,) = [text for path, text in made.files.items() if path.startswith("steps/") and "check-target" in path]
    assert (_COLUMN in text, _KEY in text) == (column, key)
    # The snapshot shows it, and it is not loaded.
    assert ("N'amount'" in text) == column
