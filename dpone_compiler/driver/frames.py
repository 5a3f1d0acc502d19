"""Frames for shell: a text with holes `<<[ name ]>>` that take Shell alone. A plain value, a missing or a spare piece raises.

Bash itself is full of {{, {% and ${, and a frame needs no loops; so this is the same small thing as sql.render.frame, and a
compile does not pay for importing a template engine (docs/adr/0002).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from dpone_compiler.script.words import Shell
from dpone_compiler.source.value import value

_HOLE = re.compile(r"<<\[ ([a-z_]+) \]>>")


@value
class ShellFrame:
    """A frame's text; `render` fills it."""

    text: str

    def render(self, **pieces: Shell) -> str:
        """The script. Raises TypeError when holes and pieces do not match, or a piece is not Shell."""
        for name, piece in pieces.items():
            if not isinstance(piece, Shell):
                raise TypeError(f"the hole {name!r} was given {type(piece).__name__}, not Shell")
        names = set(_HOLE.findall(self.text))
        if names != set(pieces):
            raise TypeError(f"holes without a piece or pieces without a hole: {sorted(names ^ set(pieces))}")
        return _HOLE.sub(lambda found: pieces[found.group(1)].text, self.text)


@cache
def shell_frame(name: str) -> ShellFrame:
    """The frame `templates/shell/<name>`."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_templates"
    folder = installed if installed.is_dir() else package.parent / "templates"
    return ShellFrame((folder / "shell" / name).read_text(encoding="utf-8"))
