"""What the demonstration prints: numbered phases with their seconds, indented lines, colour on a terminal only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_BOLD, _GREEN, _RED, _DIM, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class Teller:
    """Writes lines through `write`, which takes one line."""

    def __init__(self, write: Callable[[str], object], *, color: bool = False) -> None:
        self._write = write
        self._color = color
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """A numbered heading; its seconds follow when it ends well."""
        self._write("")
        self._write(self._in(_BOLD, f"{len(self.seconds) + 1}. {title}"))
        started = time.monotonic()
        yield
        self.seconds[title] = time.monotonic() - started
        self._write(self._in(_DIM, f"   {self.seconds[title]:.1f} s"))

    def say(self, *lines: str) -> None:
        """Lines of the phase."""
        for line in lines:
            self._write(f"   {line}")

    def command(self, *words: str) -> None:
        """A command line, as a user would type it."""
        self.say(self._in(_DIM, "$ " + " ".join(words)))

    def title(self, line: str) -> None:
        """A line of its own, at the margin."""
        self._write(self._in(_BOLD, line))

    def verdict(self, line: str, *, good: bool) -> None:
        """A line that says how it went, at the margin."""
        self._write(self._in(_GREEN if good else _RED, line))

    def _in(self, paint: str, text: str) -> str:
        return f"{paint}{text}{_PLAIN}" if self._color else text
