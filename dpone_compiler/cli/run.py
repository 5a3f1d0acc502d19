"""dponec run: execute a bundle, or a folder of bundles in depends_on order."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dpone_compiler.cli.children import Children
from dpone_compiler.cli.outcomes import fail, tell
from dpone_compiler.cli.running import run_here
from dpone_compiler.runtime.bundle import find_bundles, load_bundle
from dpone_compiler.runtime.folder import ordered, run_folder, worst
from dpone_compiler.runtime.journal import FOLDER
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import RefusedError, RunOutcome

FORMATS = click.Choice(["text", "json"])


@click.command("run")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--from", "from_step", default="", metavar="STEP", help="Go on at this step of an unfinished run.")
@click.option(
    "--window",
    nargs=2,
    default=None,
    metavar="LOW HIGH",
    help="Load this window [LOW, HIGH) instead of the next one; HIGH is at most where the next one would end.",
)
@click.option("--set", "given", multiple=True, metavar="K=V", help="Set a parameter of the plan.")
@click.option("--dry-run", is_flag=True, help="Read the state and say what would be run; change nothing.")
@click.option("-j", "--jobs", default=1, type=click.IntRange(1), help="Bundles of a folder to run at a time.")
@click.option("--journal-dir", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--connections", type=click.Path(path_type=Path, exists=True), default=None, help="A connections.yaml.")
@click.option("--apply-setup", "with_setup", is_flag=True, help="Run the target's setup/*.sql first.")
@click.option("--format", "output", type=FORMATS, default="text")
def run(
    *,
    path: Path,
    from_step: str,
    window: tuple[str, str] | None,
    given: tuple[str, ...],
    dry_run: bool,
    jobs: int,
    journal_dir: Path,
    connections: Path | None,
    with_setup: bool,
    output: str,
) -> None:
    """Run the bundle at PATH, or every bundle of a folder.

    A bound of --window is a value of the cursor: a number, a day (2026-01-31), a moment (2026-01-31 13:45:00, with a zone such as
    +00:00 for an instant, which is UTC without one), or -infinity for LOW; words such as now are refused. HIGH may not pass the
    horizon, the end of the next window, since the watermark would pass rows that are still to be committed.
    """
    if dry_run and with_setup:
        raise click.UsageError("--apply-setup changes the target, and --dry-run changes nothing: one of them")
    try:
        folders = find_bundles(path)
        loads = ordered(folders)
        if len(loads) > 1 and (from_step or window):
            raise RefusedError("DP415", "--from and --window are for one bundle", exit_code=2)
        settings = _settings(given)
    except RefusedError as error:
        fail(error, output)

    def here(folder: Path) -> RunOutcome:
        options = RunOptions(
            shown=str(folder),
            from_step=from_step,
            window=window,
            given=settings,
            dry_run=dry_run,
            runs=journal_dir,
        )
        return run_here(load_bundle(folder), options, connections, output, with_setup=with_setup)

    words = ["--journal-dir", str(journal_dir), *(word for pair in given for word in ("--set", pair))]
    words += ["--connections", str(connections)] if connections else []
    words += ["--apply-setup"] * with_setup + ["--dry-run"] * dry_run
    if jobs == 1 or len(loads) == 1:
        outcomes = run_folder(loads, here, 1)
    else:
        with Children() as children:
            outcomes = run_folder(loads, lambda folder: children.run(folder, words), jobs)
    tell(outcomes, output)
    sys.exit(worst(outcomes))


def _settings(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    for name, equals, _ in pairs:
        if not equals or not name:
            raise RefusedError("DP417", f"--set {name}: write --set NAME=VALUE", exit_code=2)
    return {name: value for name, _, value in pairs}
