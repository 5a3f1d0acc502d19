"""dponec demo: compile and run the examples on embedded engines, and prove that source and target are equal."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from dpone_compiler.cli.exits import DONE, FINDINGS, USAGE


@click.command("demo")
@click.option("--rows", type=click.IntRange(1000), default=200_000, show_default=True, help="Orders at the source.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Keep bundles and journals in this new folder, and print the engines' URLs.",
)
@click.option(
    "--tamper",
    type=click.Choice(["byte", "double", "remove"]),
    default=None,
    help="Before the last comparison change one byte of each target, double a row or remove two: it must exit 1.",
)
def demo(*, rows: int, keep: Path | None, tamper: str | None) -> None:
    """Compile and run the examples on embedded engines: full load, changes, a crash, its resume, and the proof."""
    from dpone_compiler.demo.story import tell_story
    from dpone_compiler.demo.telling import Teller
    from dpone_compiler.demo.world import DemoError
    from dpone_compiler.embedded.process import EngineError

    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise click.BadParameter(f"{keep} is not empty", param_hint="--keep")
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _end)
    teller = Teller(lambda line: click.echo(line, color=color), color=color)
    try:
        equal = tell_story(teller, rows=rows, keep=keep, tampering=tamper)
    except KeyboardInterrupt:
        click.echo("interrupted; nothing is left behind", err=True)
        sys.exit(128 + signal.SIGINT)
    except ModuleNotFoundError as error:
        click.echo(
            f"dponec demo needs {error.name}: pip install 'dpone-compiler[postgres,clickhouse,embedded]'", err=True
        )
        sys.exit(USAGE)
    except (DemoError, EngineError) as error:
        click.echo(f"dponec demo: {error}", err=True)
        sys.exit(FINDINGS)
    total = sum(teller.seconds.values())
    good = equal and not tamper
    teller.verdict(f"\n{'All contents are equal.' if equal else 'Contents differ.'} {total:.0f} s in all.", good=good)
    sys.exit(DONE if equal else FINDINGS)


def _end(signum: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does: everything that was started is stopped on the way out."""
    sys.exit(128 + signum)
