"""dponec diff: what differs between two plans of a load in what they do, promise and say."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from dpone_compiler.cli.exits import FINDINGS, USAGE
from dpone_compiler.cli.options import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dpone_compiler.artifacts.difference import Side
    from dpone_compiler.cli.diff_text import LoadDiff


@click.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
@click.option("--exit-code", is_flag=True, help="End with 1 when anything differs.")
def diff(*, first: str, second: str, form: str, exit_code: bool) -> None:
    """Compare bundles, folders of bundles, or `git:REV` (the other side's path at that revision; `git:REV:PATH` any path)."""
    from dpone_compiler.cli.diff_sides import SideError, sides
    from dpone_compiler.cli.diff_text import SAME
    from dpone_compiler.runtime.outcome import RefusedError

    try:
        with TemporaryDirectory() as scratch:
            loads = _compared(*sides(first, second, Path(scratch)))
    except SideError as error:
        click.echo(f"dponec diff: {error}", err=True)
        sys.exit(USAGE)
    except RefusedError as error:
        click.echo(f"dponec diff: {error.code}: {error.message}", err=True)
        sys.exit(FINDINGS)
    click.echo(_rendered(loads, form), nl=False)
    if exit_code and any(load.status != SAME for load in loads):
        sys.exit(FINDINGS)


def _compared(old: Mapping[str, Side], new: Mapping[str, Side]) -> list[LoadDiff]:
    from dpone_compiler.artifacts.difference import differences
    from dpone_compiler.cli.diff_text import ADDED, REMOVED, LoadDiff, status_of

    found = []
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            found.append(LoadDiff(name=name, status=ADDED if name in new else REMOVED))
            continue
        changes = differences(old[name], new[name])
        status = status_of(old[name].doc, new[name].doc, changes)
        found.append(LoadDiff(name=name, status=status, changes=changes))
    return found


def _rendered(loads: list[LoadDiff], form: str) -> str:
    from dpone_compiler.artifacts.difference import plain
    from dpone_compiler.artifacts.plan_codec import canonical_json
    from dpone_compiler.cli.diff_text import render_md, render_text

    if form == "json":
        told = [{"name": each.name, "status": each.status, "changes": plain(each.changes)} for each in loads]
        return canonical_json({"format": "dponec.diff/1", "loads": told})
    return render_md(loads) if form == "md" else render_text(loads)
