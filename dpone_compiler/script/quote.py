"""The only quoting of shell words."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quote(text: str) -> str:
    """One POSIX shell word that means exactly `text`."""
    if "\0" in text:
        raise ValueError("a shell word cannot hold a NUL character")
    if _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def expand(name: str) -> str:
    """The value of a variable as one word, never split and never globbed."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a shell variable")
    return '"${' + name + '}"'
