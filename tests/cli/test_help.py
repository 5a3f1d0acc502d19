"""Help, usage errors and the look of output that nobody watches."""

from __future__ import annotations

import re

import pytest

from dpone_compiler.cli.main import COMMANDS
from tests.cli.commands import EXAMPLE_LOADS, EXAMPLES, dponec, in_a_shell


def test_help_lists_every_command_without_importing_one() -> None:
    shown = dponec("--help")
    assert shown.exit_code == 0
    assert [name for name in COMMANDS if not re.search(rf"^  {name} ", shown.stdout, re.MULTILINE)] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_explains_itself(name: str) -> None:
    shown = dponec(name, "--help")
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"Usage: dponec {name}")


@pytest.mark.parametrize(
    "words", [("frobnicate",), ("check",), ("check", "--format", "xml", "."), ("plan", "--nope", ".")]
)
def test_wrong_words_are_usage_errors(words: tuple[str, ...]) -> None:
    refused = dponec(*words)
    assert refused.exit_code == 2
    assert "Traceback" not in refused.stderr
    assert not refused.stdout


def test_no_escape_codes_without_a_terminal() -> None:
    done = in_a_shell("check", EXAMPLES, NO_COLOR="1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stdout == f"{EXAMPLE_LOADS} loads passed\n"


def test_version() -> None:
    assert re.fullmatch(r"dponec, version \d+\.\d+\.\d+\n", dponec("--version").stdout)
