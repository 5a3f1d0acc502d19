"""dponec runs: past runs of this machine, and the end of an unfinished one."""

from __future__ import annotations

from pathlib import Path

import click

from dpone_compiler.cli.outcomes import fail, print_json
from dpone_compiler.cli.state import BUNDLES, CONNECTIONS, FORMAT, carry_out
from dpone_compiler.runtime.history import list_runs, run_started, show_run
from dpone_compiler.runtime.journal import FOLDER
from dpone_compiler.runtime.outcome import RefusedError

JOURNALS = click.option("--journal-dir", type=click.Path(path_type=Path), default=FOLDER, show_default=True)


@click.group("runs")
def runs() -> None:
    """Journals and receipts of past runs."""


@runs.command("list")
@JOURNALS
@FORMAT
def list_(journal_dir: Path, output: str) -> None:
    """One line a run."""
    found = list_runs(journal_dir)
    if output == "json":
        print_json({"runs": found})
        return
    for one in found:
        click.echo(f"{one['run_id']}  {one['started']}  {one['load']}  {one['status']}  last: {one['last']}")


@runs.command("show")
@click.argument("run_id")
@JOURNALS
@FORMAT
def show(run_id: str, journal_dir: Path, output: str) -> None:
    """Everything that this machine knows of a run."""
    try:
        found = show_run(journal_dir, run_id)
    except RefusedError as error:
        fail(error, output)
    if output == "json":
        print_json(found)
        return
    for name in ("run_id", "load", "bundle", "started", "status", "attempts"):
        click.echo(f"{name}: {found[name]}")
    for event in found["events"]:
        told = "  ".join(f"{key}={value}" for key, value in event.items() if key not in ("event", "at"))
        click.echo(f"{event.get('at', '')}  {event.get('event', '')}  {told}")


@runs.command("abort")
@click.argument("run_id")
@click.option("--load", default="", help="The load's name; needed when the journal is gone.")
@BUNDLES
@CONNECTIONS
@JOURNALS
@FORMAT
def abort(*, run_id: str, load: str, bundles: str, connections: Path | None, journal_dir: Path, output: str) -> None:
    """Give an unfinished run up: its window is loaded again by the next run, its staging is dropped by it."""
    known = load or run_started(journal_dir, run_id).get("load", "")
    if not known and (Path(bundles) / "plan.json").is_file():
        known = bundles
    if not known:
        fail(RefusedError("DP418", f"no journal of run {run_id} here; name its load with --load", exit_code=2), output)
    carry_out("abort", str(known), bundles, connections, output, run_id=run_id)
