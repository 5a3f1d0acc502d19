"""Jinja frames for shell: a hole takes Shell text only, an undefined or plain value raises."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from dpone_compiler.script.words import Shell


def _typed(value: object) -> str:
    if isinstance(value, Shell):
        return value.text
    raise TypeError(f"a hole of a shell frame was given {type(value).__name__}, not Shell")


@cache
def shell_frame(name: str) -> Template:
    """The frame `templates/shell/<name>`."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_templates"
    folder = installed if installed.is_dir() else package.parent / "templates"
    loader = FileSystemLoader(folder / "shell")
    settings = Environment(
        loader=loader,
        undefined=StrictUndefined,
        finalize=_typed,
        autoescape=False,
        keep_trailing_newline=True,
        # Bash itself is full of {{, {% and {#.
        variable_start_string="<<[",
        variable_end_string="]>>",
        block_start_string="<<%",
        block_end_string="%>>",
        comment_start_string="<<#",
        comment_end_string="#>>",
    )
    return settings.get_template(name)
