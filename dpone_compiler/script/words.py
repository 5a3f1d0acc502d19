"""Words, commands, pipes and blocks, and the text they become."""

from __future__ import annotations

import re

from dpone_compiler.script.quote import expand, quote
from dpone_compiler.source.value import value

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@value
class Word:
    """A literal word."""

    text: str


@value
class Secret:
    """The value of an environment variable: its name is in the script, its value never is."""

    variable: str


@value
class Command:
    """A command line."""

    words: tuple[Word | Secret, ...]


@value
class Pipe:
    """Commands whose streams are joined; the script runs under pipefail."""

    commands: tuple[Command, ...]


@value
class When:
    """`body` when `condition` succeeds."""

    condition: Command
    body: tuple[Line, ...]


@value
class Comment:
    """A line for people."""

    text: str


Line = Command | Pipe | When | Comment


@value
class Shell:
    """Shell text that was made here: the only thing that a frame's hole takes."""

    text: str

    def __str__(self) -> str:
        return self.text


def command(*words: str | Word | Secret) -> Command:
    """A command of literal words."""
    return Command(tuple(Word(word) if isinstance(word, str) else word for word in words))


def word(text: str) -> Shell:
    """One literal word for a frame."""
    return Shell(quote(text))


def script(lines: tuple[Line, ...] | list[Line]) -> Shell:
    """The text of lines."""
    return Shell("\n".join(text for line in lines for text in _lines(line, "")))


def _lines(line: Line, indent: str) -> list[str]:
    match line:
        case Command():
            return [indent + _command(line)]
        case Pipe():
            return [indent + " | ".join(_command(one) for one in line.commands)]
        case Comment():
            return [indent + "# " + _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line.text)]
        case When():
            body = [text for inner in line.body for text in _lines(inner, indent + "  ")]
            return [f"{indent}if {_command(line.condition)}; then", *body, f"{indent}fi"]


def _command(line: Command) -> str:
    return " ".join(quote(one.text) if isinstance(one, Word) else expand(one.variable) for one in line.words)
