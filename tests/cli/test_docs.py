"""docs/reference and docs/strategies.md are what the program says of itself; docs/architecture.md names tests that are there."""

from __future__ import annotations

import re

import pytest

from dpone_compiler.docs import DOCS, written_pages
from tests.cli.commands import ROOT

PAGES = written_pages()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_fresh(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name], "stale: run `make docs`"


def test_every_invariant_names_a_test_that_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## The thirteen invariants")[2].partition("\n## ")[0]
    items = re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]
    assert len(items) == 13
    for item in items:
        named = NAMED.findall(item)
        assert named, item
        for path, function in named:
            assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{function}"


def test_links_between_pages_lead_somewhere() -> None:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
