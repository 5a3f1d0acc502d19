"""No row of the seed document is dropped, every proof exists, and only live replay may be later."""

from __future__ import annotations

import re

import pytest

from tests.seed.extract import SEED, seed_rows
from tests.seed.page import LATER, PAGE, ROOT, coverage, expected_ids, page

MAY_BE_LATER = {
    "live replay on SQL Server",
    "live replay on BigQuery",
    "live replay on Kafka",
}


def test_every_row_of_the_document_is_there() -> None:
    rows = seed_rows()
    if not rows:
        pytest.skip(f"the seed document is not here: {SEED.name} beside the project, or DPONEC_SEED")
    assert [row for row, _, _ in coverage()] == expected_ids(rows)


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.seed.page"


def test_only_live_replay_is_later() -> None:
    assert {proof.removeprefix(LATER) for _, _, proof in coverage() if proof.startswith(LATER)} <= MAY_BE_LATER


@pytest.mark.parametrize("proof", sorted({proof for _, _, proof in coverage() if not proof.startswith(LATER)}))
def test_every_proof_is_a_test(proof: str) -> None:
    file, _, name = proof.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), proof
