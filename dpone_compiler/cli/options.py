"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dpone_compiler.driver.compile import CompileResult, Options

FORMATS = click.Choice(["text", "md", "json"])
CATALOG = click.option(
    "--catalog", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder of catalog snapshots."
)
POLICY = click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Rules tried first.",
)
COSTS = click.option(
    "--costs",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Constants of the cost model, as `dponec calibrate` writes them.",
)
RUNS = click.option(
    "--runs",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Past runs: their receipts stand in for hints that nobody gives (a folder such as .dponec/runs).",
)
SET = click.option("--set", "given", multiple=True, metavar="PATH=VALUE", help="Override a value of a YAML manifest.")

FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="warning: end with 1 also when there is a warning, of the manifest or of the decision.",
)


def overrides(given: tuple[str, ...]) -> dict[str, str]:
    """`--set` pairs as a mapping. A pair without `=` is a usage error."""
    pairs = [pair.partition("=") for pair in given]
    for (path, equals, _), pair in zip(pairs, given, strict=True):
        if not equals or not path:
            raise click.BadParameter(f"{pair!r} is not PATH=VALUE", param_hint="--set")
    return {path: value for path, _, value in pairs}


def compile_options(
    catalog: Path | None,
    policies: tuple[Path, ...],
    given: tuple[str, ...],
    costs: Path | None = None,
    runs: Path | None = None,
) -> Options:
    """The driver's options of these flags."""
    from dpone_compiler.driver.asked import request_options
    from dpone_compiler.driver.request import Request

    return request_options(
        Request(paths=(), catalog=catalog, policies=policies, overrides=overrides(given), costs=costs, runs=runs)
    )


def wants_color() -> bool:
    """Color for people alone: stderr is a terminal and NO_COLOR is not set (https://no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def tell_diagnostics(result: CompileResult) -> None:
    """Diagnostics as text on stderr."""
    from dpone_compiler.diagnostics.render import full

    click.echo(full.render(result.diagnostics, result.files, color=wants_color()), nl=False, err=True)
