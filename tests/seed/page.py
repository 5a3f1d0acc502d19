"""docs/seed-coverage.md from coverage.tsv: `python -m tests.seed.page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.seed.extract import Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "seed-coverage.md"
LATER = "later: "


def coverage() -> list[tuple[str, str, str]]:
    """(row id, what the row demands in our words, test or `later: reason`), in the order of the document."""
    text = Path(__file__).with_name("coverage.tsv").read_text(encoding="utf-8")
    lines = [tuple(line.split("\t")) for line in text.splitlines()]
    return [(row, what, proof) for row, what, proof in lines]


def page() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    rows = coverage()
    later = [row for row in rows if row[2].startswith(LATER)]
    yield from ("# The seed document, row by row", "")
    yield "dponec grew out of dpone's page on strategy intelligence. Each heading, table row, list item, command, code line and"
    yield "sentence of it has an id, made of its kind, its line and a digest of its text by `tests/seed/extract.py`;"
    yield "a test holds that none is missing."
    yield ""
    yield f"{len(rows)} rows: {len(rows) - len(later)} proved by a test, {len(later)} later. Written by `python -m tests.seed.page`."
    yield from ("", "| row | what it demands | proved by |", "| --- | --- | --- |")
    for row, what, proof in rows:
        yield f"| {row} | {what} | {proof if proof.startswith(LATER) else f'`{proof}`'} |"


def expected_ids(rows: tuple[Row, ...]) -> list[str]:
    """The ids of the document."""
    return [row.id for row in rows]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
