"""dponec state: the watermark and fencing state of a load, in its target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dpone_compiler.cli.outcomes import fail, print_json
from dpone_compiler.cli.running import opener_for
from dpone_compiler.runtime.bundle import LoadedBundle
from dpone_compiler.runtime.connections.resolve import ConnectionProblem
from dpone_compiler.runtime.outcome import RefusedError
from dpone_compiler.runtime.sessions import Opener
from dpone_compiler.runtime.state import find_load, run_state_command

BUNDLES = click.option("--bundles", default="plans", show_default=True, help="The folder of bundles, or one bundle.")
CONNECTIONS = click.option("--connections", type=click.Path(path_type=Path, exists=True), default=None)
FORMAT = click.option("--format", "output", type=click.Choice(["text", "json"]), default="text")


@click.group("state")
def state() -> None:
    """Show and change the state row of LOAD (a load's name, or the path of its bundle)."""


def _shared(function: Callable[..., None]) -> Callable[..., Any]:
    return click.argument("load")(BUNDLES(CONNECTIONS(FORMAT(function))))


@state.command("show")
@_shared
def show(load: str, bundles: str, connections: Path | None, output: str) -> None:
    """Print the state row."""
    _carry_out("show", load, bundles, connections, output)


@state.command("set")
@_shared
@click.argument("watermark")
def set_(load: str, watermark: str, bundles: str, connections: Path | None, output: str) -> None:
    """Set the WATERMARK: the next window begins there."""
    _carry_out("set", load, bundles, connections, output, watermark=watermark)


@state.command("rewind")
@_shared
@click.argument("watermark")
def rewind(load: str, watermark: str, bundles: str, connections: Path | None, output: str) -> None:
    """Go back to a lower WATERMARK, so that what followed it is read again."""
    _carry_out("rewind", load, bundles, connections, output, watermark=watermark)


@state.command("adopt")
@_shared
@click.option("--watermark", default="", help="The source has been read up to here; none when it is left out.")
def adopt(load: str, watermark: str, bundles: str, connections: Path | None, output: str) -> None:
    """Take over a target that already holds rows."""
    _carry_out("adopt", load, bundles, connections, output, watermark=watermark)


def _carry_out(name: str, load: str, bundles: str, connections: Path | None, output: str, **params: str) -> None:
    """Run one state command and print its row."""

    def ask(bundle: LoadedBundle, opener: Opener) -> dict[str, str]:
        return run_state_command(bundle, opener, name, **params)

    answer(ask, load, bundles, connections, output)


def answer(
    ask: Callable[[LoadedBundle, Opener], dict[str, str]],
    load: str,
    bundles: str,
    connections: Path | None,
    output: str,
) -> None:
    """Ask the state of a load something and print the row that comes back."""
    try:
        bundle = find_load(bundles, load)
        row = ask(bundle, opener_for(bundle, connections))
    except ConnectionProblem as error:
        fail(RefusedError(error.code, f"{error.message} ({error.help})"), output)
    except RefusedError as error:
        fail(error, output)
    if output == "json":
        print_json({"load": bundle.doc.name, **row})
        return
    for column, value in row.items():
        click.echo(f"{column}: {value}")
