"""Each `dponec …` that a page, a plan, a hint of the SQL or the documentation prints is one of our commands, and parses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

import click
import pytest

from dpone_compiler.cli.main import cli
from dpone_compiler.problems.catalogue import pages
from tests.cli.commands import EXAMPLES, dponec
from tests.compiled_bundles import CASES, ROOT, bundle
from tests.compiled_bundles import EXAMPLES as LOADS

_QUOTED = re.compile(r"(?<![`\\])(`+)(dponec [^\n]+?)\1(?!`)")  # not the escaped ones of a plan's own words
# The reference is made of the commands themselves; decisions and benchmarks speak of their day.
_DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "howto").glob("*.md"))]


@cache
def printed() -> dict[str, str]:
    """Command line -> where it is printed first."""
    return dict(reversed([*_printed()]))


def _printed() -> Iterator[tuple[str, str]]:
    for code, page in pages().items():
        yield from ((line, code) for line in _lines(str(page)))
    for name in (*CASES, *LOADS):
        for path, text in bundle(name).files.items():
            if not path.endswith(".json"):
                yield from ((line, f"{name}/{path}") for line in _lines(text))
    for file in _DOCS:
        yield from ((line, file.name) for line in _lines(file.read_text(encoding="utf-8")))


def _lines(text: str) -> list[str]:
    return [line for _, line in _QUOTED.findall(text)]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the first words name, and what is left for it."""
    found: click.Command = cli
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        below = found.get_command(click.Context(found), words[0])
        assert below is not None, f"{found.name} has no command {words[0]!r}"
        found, words = below, words[1:]
    return found, words


def test_there_are_many() -> None:
    assert len(printed()) > 40


@pytest.mark.parametrize("line", sorted(printed()))
def test_it_parses(line: str) -> None:
    _, *words = shlex.split(line.replace("…", "").replace("\\|", "|"))
    found, rest = command_of(words)
    if not rest or isinstance(found, click.Group):
        return  # the name alone speaks of the command
    try:
        found.make_context("dponec", rest).close()
    except (click.BadParameter, FileNotFoundError) as error:  # of a file that the example names
        assert isinstance(error, FileNotFoundError) or "does not exist" in str(error), (line, printed()[line], error)


@pytest.mark.parametrize("words", [("set", ""), ("rewind", "")])
def test_an_empty_watermark_can_be_typed(words: tuple[str, str]) -> None:
    """What pages of a lost slot say; without a connection it gets as far as that."""
    verb, watermark = words
    refused = dponec("state", verb, "orders_pg_to_pg", watermark, "--bundles", EXAMPLES / "plans")
    assert refused.exit_code == 1 and "DP601" in refused.stderr
