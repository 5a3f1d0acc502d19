"""Words mean the same in every front end."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from dpone_compiler.frontends import meaning
from dpone_compiler.ir.load import Policies


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10 minutes", 600),
        ("2h", 7200),
        ("1 day", 86400),
        ("1 day 6 hours", 108000),
        ("PT10M", 600),
        ("P1DT2H", 93600),
        ("600", 600),
        (600, 600),
        ("1_0 s", 10),
        ("10 minuets", None),
        ("10 5", None),
        ("PT", None),
        ("", None),
        ("1" * 30 + "!", None),  # a pattern of repeated repetitions would take minutes over it
        ("1h" * 90 + "!", None),
        ("1s " * 100, None),
        (-1, None),
        (True, None),
    ],
)
def test_durations(written: str | int, seconds: int | None) -> None:
    assert meaning.duration_seconds(written) == seconds


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("50 GB", 50 * 10**9),
        ("50GiB", 50 * 2**30),
        ("1.5 kb", 1500),
        ("0.5 B", None),
        ("50M", None),
        (7, 7),
        (-7, None),
    ],
)
def test_sizes(written: str | int, count: int | None) -> None:
    assert meaning.size_bytes(written) == count


@pytest.mark.parametrize(
    ("written", "share"),
    [("5%", 0.05), ("0.2", 0.2), (0.07, 0.07), (1, 1.0), (20, None), ("120%", None), ("nan", None), (True, None)],
)
def test_shares(written: str | float, share: float | None) -> None:
    assert meaning.share(written) == share


def test_aliases() -> None:
    assert [meaning.engine_word(w) for w in ("pg", "PostgreSQL", "sql_server", "bq", "mysql")] == [
        "postgres",
        "postgres",
        "mssql",
        "bigquery",
        None,
    ]
    assert meaning.merge_policy_word("delete+insert") == "delete_insert"
    assert meaning.merge_policy_word("on_conflict") == "upsert"
    assert meaning.merge_policy_word("upserted") is None


def test_the_first_policy_word_is_the_default() -> None:
    assert {name: words[0] for name, words in meaning.POLICY_WORDS.items()} == asdict(Policies())
